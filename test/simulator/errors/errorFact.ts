/** The content of an error, before it gets the form of an endpoint. */

export type Metadata = Readonly<Record<string, unknown>>;

export interface ErrorFact {
  readonly status: number;
  readonly message: string;
  /** OpenRouter's canonical name of the error, stable over all forms. */
  readonly errorType: string;
  readonly metadata?: Metadata;
  /** Newer bodies: replaces `code` and `metadata` by `error_type`, `http_status` and this. */
  readonly availability?: Metadata;
  /** Stands beside `error` where it was recorded. */
  readonly userId?: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** An HTML page instead of JSON, whatever the endpoint. */
  readonly html?: string;
}
