# The command line alone, built from this folder: see docs/server.md. Dependabot renews the digest.
FROM node:24-alpine@sha256:d32cdf619f63fe0471182d08996dd516c6275bb5fd31ae06e55a570bd9e1ad43 AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY esbuild.js tsconfig.json ./
COPY docs/openapi.json ./docs/
COPY media ./media
COPY src ./src
RUN node esbuild.js --production && chmod 755 dist/cli.js

FROM node:24-alpine@sha256:d32cdf619f63fe0471182d08996dd516c6275bb5fd31ae06e55a570bd9e1ad43
LABEL org.opencontainers.image.title="Keywheel for OpenRouter" \
  org.opencontainers.image.source="https://github.com/keywheel/keywheel" \
  org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY LICENSE ./
COPY --from=build /build/dist/cli.js ./
COPY --from=build /build/dist/server ./server
RUN ln -s /app/cli.js /usr/local/bin/keywheel && mkdir /data && chown node:node /data
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  STATE_FILE=/data/state.json \
  LOG_FORMAT=json
USER node
VOLUME ["/data"]
EXPOSE 9999
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD wget -q -Y off -O /dev/null "http://127.0.0.1:${PORT:-${UVICORN_PORT:-9999}}/health" || exit 1
ENTRYPOINT ["node", "/app/cli.js"]
