// What the suite in the extension host and the test run outside it say to each other: JSON lines over a loopback socket.

/** One test of the suite, when it has ended. */
export interface TestResult {
  /** Titles from the outermost describe to the test itself. */
  titles: string[];
  state: 'passed' | 'failed' | 'pending';
  /** Milliseconds. */
  duration: number;
  error?: { message: string; stack?: string };
}

/** From the suite. The requests to the window are answered, in their order. */
export type SuiteMessage =
  | { kind: 'started'; vscode: string; desktop: boolean }
  | { kind: 'test'; result: TestResult }
  | { kind: 'broken'; message: string }
  | WindowRequest;

/** Selectors that begin so are looked for in the page of the webview that is shown. */
export const inWebview = 'webview:';

/** What only whoever holds the window can do. */
export type WindowRequest =
  | { kind: 'screenshot'; name: string }
  /** The visible texts of the elements that a CSS selector finds. */
  | { kind: 'texts'; selector: string }
  /** Waits for the element and clicks it. */
  | { kind: 'click'; selector: string }
  /** Waits for the element and types into it: a text, or a key such as `Enter` or `Shift+Tab`. */
  | { kind: 'type'; selector: string; text?: string; key?: string };

/** Answer to the suite; without any part where there is no page, in the desktop VS Code. */
export interface WindowAnswer {
  /** Path of the picture. */
  file?: string;
  texts?: string[];
  error?: string;
}

/** Port of the link, in the extension host's environment. */
export const portVariable = 'ASYNCSCOPE_TEST_LINK';
/** The compiled test files to run, separated as in PATH, and a part of a test's title to run only those, likewise. */
export const filesVariable = 'ASYNCSCOPE_TEST_FILES';
export const grepVariable = 'ASYNCSCOPE_TEST_GREP';
