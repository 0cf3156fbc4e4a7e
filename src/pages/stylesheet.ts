import { digest } from '../common/random.js';

export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ink: #16211d; --soft: #55635d; --line: #d9e0dc; --paper: #f4f6f4; --card: #fff;
  --accent: #1f5f4a; --accent-strong: #17493a; --on-accent: #fff; --focus: #1d6fd1;
  --good: #12603f; --good-back: #dff3e8; --warn: #7a4a00; --warn-back: #fdf0d4; --bad: #94211c; --bad-back: #fce4e2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e9efec; --soft: #a5b3ac; --line: #2e3a35; --paper: #101614; --card: #18211d;
    --accent: #6cc6a2; --accent-strong: #8ad6b7; --on-accent: #0c1a14; --focus: #7ab4ff;
    --good: #8fdcb6; --good-back: #143a2a; --warn: #f3c878; --warn-back: #3d2c0a; --bad: #ffb3ad; --bad-back: #4a1a17;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif;
}
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 6px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem .75rem; z-index: 1; }
.top { display: flex; align-items: center; justify-content: space-between; max-width: 46rem; margin: 0 auto; padding: 1.25rem 1.25rem 0; min-height: 4rem; }
.brand { display: inline-flex; align-items: center; gap: .55rem; font-weight: 650; font-size: 1.1rem; letter-spacing: -.01em; color: var(--ink); text-decoration: none; }
.mark { width: 1.75rem; height: 1.75rem; fill: none; stroke: var(--accent); stroke-width: 3; stroke-linecap: round; }
main { max-width: 46rem; margin: 0 auto; padding: 1.25rem; display: grid; gap: 1.25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 1.75rem; box-shadow: 0 1px 2px rgb(0 0 0 / .04); }
.narrow { width: 100%; max-width: 26rem; margin: clamp(1rem, 8vh, 5rem) auto; }
h1 { font-size: 1.6rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .5rem; overflow-wrap: anywhere; }
.hero h1 { font-size: 2.1rem; }
h2 { font-size: 1.1rem; margin: 0 0 1rem; }
p { margin: 0; }
.lead { color: var(--soft); margin-bottom: 1.5rem; overflow-wrap: anywhere; }
.profile .lead { margin-bottom: .25rem; }
.fine { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
.eyebrow { color: var(--soft); font-size: .85rem; font-weight: 600; letter-spacing: .08em; margin-bottom: .4rem; }
code { font: .85em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--paper); border-radius: 4px; padding: .1em .3em; }
.button {
  display: flex; align-items: center; justify-content: center; gap: .6rem; width: 100%; min-height: 2.9rem; padding: .55rem 1.1rem;
  border: 1px solid transparent; border-radius: 10px; background: var(--accent); color: var(--on-accent);
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
}
.button:hover { background: var(--accent-strong); }
.button.quiet { background: transparent; border-color: var(--line); color: var(--ink); }
.button.quiet:hover { border-color: var(--soft); background: var(--paper); }
.button.small { width: auto; min-height: 2.5rem; padding: .35rem .85rem; font-size: .9rem; white-space: nowrap; }
.letter { display: inline-grid; place-items: center; flex: none; width: 1.7rem; height: 1.7rem; border-radius: 50%; background: var(--paper); border: 1px solid var(--line); color: var(--ink); font-size: .85rem; font-weight: 700; }
.or { display: flex; align-items: center; gap: .75rem; margin: 1.1rem 0; color: var(--soft); font-size: .875rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.plain { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.25rem 0; }
.actions .button { width: auto; }
.card > .actions:last-child { margin-bottom: 0; }
.profile { display: flex; gap: 1.25rem; align-items: center; }
.profile h1 { margin-bottom: .15rem; }
.portrait { flex: none; display: grid; place-items: center; width: 4rem; height: 4rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); font-size: 1.4rem; font-weight: 650; object-fit: cover; }
.accounts li { display: flex; gap: .9rem; align-items: flex-start; padding: 1rem 0; border-top: 1px solid var(--line); }
.accounts li:first-child { border-top: 0; padding-top: 0; }
.accounts .name { font-weight: 600; }
.grow { flex: 1; min-width: 0; }
.scopes { margin-top: .35rem; line-height: 1.9; }
.chip { display: inline-block; padding: .05rem .5rem; border-radius: 99px; background: var(--paper); border: 1px solid var(--line); color: var(--soft); font-size: .78rem; font-weight: 600; white-space: nowrap; }
.chip.good { background: var(--good-back); border-color: transparent; color: var(--good); }
.chip.warn { background: var(--warn-back); border-color: transparent; color: var(--warn); }
.chip.bad { background: var(--bad-back); border-color: transparent; color: var(--bad); }
@media (max-width: 34rem) {
  .card { padding: 1.35rem; }
  .accounts li { flex-wrap: wrap; }
  .accounts li > .button { width: 100%; }
  .profile { align-items: flex-start; }
}
@media (prefers-reduced-motion: no-preference) { .button { transition: background-color .12s, border-color .12s; } }
`;

/** Named by its content, so that it can be cached for good. */
export const STYLESHEET_PATH = `/assets/latchkey-${digest(STYLESHEET).slice(0, 12)}.css`;
