// A lint rule of this project's own: time comes from Clock (src/base/clock.ts), so that tests can move it.
const message = 'Time comes from Clock (src/base/clock.ts), so that tests can move it.';
const timers = new Set(['setTimeout', 'setInterval']);

const ownClock = {
  create(context) {
    const report = (node) => context.report({ node, message });
    return {
      CallExpression(node) {
        if (node.callee.type === 'Identifier' && timers.has(node.callee.name)) report(node);
      },
      NewExpression(node) {
        if (node.callee.name === 'Date' && node.arguments.length === 0) report(node);
      },
      MemberExpression(node) {
        if (node.object.name === 'Date' && node.property.name === 'now') report(node);
      },
    };
  },
};

export default { meta: { name: 'keywheel' }, rules: { 'own-clock': ownClock } };
