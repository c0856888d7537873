/** What a menu offers, as plain values: no DOM, so that it can be tested. */
export interface MenuItem {
  readonly icon: string;
  readonly text: string;
  readonly run: () => void;
}
