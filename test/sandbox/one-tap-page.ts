import { createContext, runInContext } from 'node:vm';

type Listener = (event: Record<string, unknown>) => void;

const PATIENCE_MILLISECONDS = 20_000;

/** As much of an element as the script uses. */
class Element {
  readonly children: Element[] = [];
  readonly listeners = new Map<string, Listener>();
  name = '';
  value = '';
  textContent = '';
  action = '';
  method = '';
  parent?: Element;
  adoptedStyleSheets: unknown[] = [];
  isSubmitted = false;

  constructor(readonly tag: string) {}

  append(...children: Element[]): void {
    for (const child of children) child.parent = this;
    this.children.push(...children);
  }

  remove(): void {
    this.parent?.children.splice(this.parent.children.indexOf(this), 1);
  }

  attachShadow(): Element {
    const root = new Element('root');
    this.append(root);
    return root;
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, listener);
  }

  removeEventListener(type: string): void {
    this.listeners.delete(type);
  }

  submit(): void {
    this.isSubmitted = true;
  }

  descendants(): Element[] {
    return this.children.flatMap((child) => [child, ...child.descendants()]);
  }

  get text(): string {
    return [this.textContent, ...this.children.map(({ text }) => text)].filter(Boolean).join(' ');
  }
}

interface Loading {
  readonly src: string;
  readonly applicationUrl: string;
  /** Of `<div id="g_id_onload">`, if the page has one. */
  readonly dataset?: Readonly<Record<string, string>>;
}

interface AccountsId {
  initialize(settings: Record<string, unknown>): void;
  prompt(): void;
}

/** A page of the application that has loaded the script, in as small a browser as it needs. */
export class OneTapPage {
  readonly complaints: string[] = [];
  private readonly body = new Element('body');
  private readonly document: Element & { readonly cookie: string };
  private readonly window: Record<string, unknown> & { google?: { accounts: { id: AccountsId } } };

  private constructor(script: string, { src, applicationUrl, dataset }: Loading) {
    const stored = new Map<string, string>();
    const origin = new URL(applicationUrl).origin;
    this.document = Object.assign(new Element('document'), {
      currentScript: { src },
      body: this.body,
      readyState: 'complete',
      cookie: '',
      createElement: (tag: string) => new Element(tag),
      getElementById: () => (dataset === undefined ? null : { dataset }),
    });
    this.window = {
      fetch: (url: URL, init: RequestInit = {}) => fetch(url, { ...init, headers: { origin } }),
    };
    const context = createContext({
      window: this.window,
      document: this.document,
      location: new URL(applicationUrl),
      sessionStorage: {
        getItem: (key: string) => stored.get(key) ?? null,
        setItem: (key: string, value: string) => stored.set(key, value),
        removeItem: (key: string) => stored.delete(key),
      },
      console: { error: (line: string) => this.complaints.push(line) },
      CSSStyleSheet: class {
        replaceSync(): void {}
      },
      URL,
      URLSearchParams,
      crypto,
    });
    runInContext(script, context);
  }

  static load(script: string, loading: Loading): OneTapPage {
    return new OneTapPage(script, loading);
  }

  get id(): AccountsId {
    const { google } = this.window;
    if (google === undefined) throw new Error('the script has not run');
    return google.accounts.id;
  }

  get cookie(): string {
    return this.document.cookie;
  }

  get isPrompting(): boolean {
    return this.body.children.some(({ tag }) => tag === 'div');
  }

  get form(): Element | undefined {
    return this.body.children.find(({ tag, isSubmitted }) => tag === 'form' && isSubmitted);
  }

  forgetForm(): void {
    this.form?.remove();
  }

  /** The accounts on show, as soon as there are any. */
  async prompted(): Promise<string[]> {
    await this.until(() => this.isPrompting);
    return this.accounts().map(({ text }) => text);
  }

  async choose(name: string): Promise<void> {
    const chosen = this.accounts().find(({ text }) => text.startsWith(name));
    if (chosen === undefined) throw new Error(`nobody is called ${name}`);
    chosen.listeners.get('click')?.({});
  }

  async submitted(): Promise<{ action: string; method: string; fields: Record<string, string> }> {
    await this.until(() => this.form !== undefined);
    const { action = '', method = '', children = [] } = this.form ?? {};
    return { action, method, fields: Object.fromEntries(children.map(({ name, value }) => [name, value])) };
  }

  clickOutside(): void {
    this.document.listeners.get('click')?.({ composedPath: () => [this.body] });
  }

  press(key: string): void {
    this.document.listeners.get('keydown')?.({ key });
  }

  /** Lets the script go on until this holds. */
  async until(holds: () => boolean): Promise<void> {
    for (const end = performance.now() + PATIENCE_MILLISECONDS; !holds();) {
      if (performance.now() > end) throw new Error('it never came to that');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  private accounts(): Element[] {
    return this.body.descendants().filter(({ tag, children }) => tag === 'button' && children.length > 0);
  }
}
