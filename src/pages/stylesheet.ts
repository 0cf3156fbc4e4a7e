import { digest } from '../common/random.js';

export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ink: #16211d; --soft: #50605a; --line: #dde4e0; --edge: #7d8c85; --paper: #f3f6f4; --card: #fff; --shade: #eef2f0;
  --accent: #1f5f4a; --accent-strong: #17493a; --on-accent: #fff; --focus: #1a66c4;
  --good: #12603f; --good-back: #dff3e8; --warn: #744600; --warn-back: #fdf0d4; --bad: #94211c; --bad-back: #fce4e2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e9efec; --soft: #a8b6af; --line: #2d3934; --edge: #6d7f77; --paper: #0f1513; --card: #18211d; --shade: #222d28;
    --accent: #6cc6a2; --accent-strong: #8ad6b7; --on-accent: #0c1a14; --focus: #7ab4ff;
    --good: #8fdcb6; --good-back: #143a2a; --warn: #f3c878; --warn-back: #3d2c0a; --bad: #ffb3ad; --bad-back: #4a1a17;
  }
}

*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif;
}
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 0 0 .25rem; font-size: 1.1rem; }
p { margin: 0; }
a { color: var(--accent); text-underline-offset: .2em; }
code, .requests { font: .85em/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { padding: .1em .35em; border-radius: 4px; background: var(--shade); }
bdi { unicode-bidi: isolate; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 6px; }
main:focus { outline: none; }

.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .75rem; z-index: 1; padding: .6rem .9rem; background: var(--card); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.top, main { max-width: 46rem; margin: 0 auto; padding: 1.25rem; }
.top { display: flex; align-items: center; justify-content: space-between; gap: 1rem; min-height: 5.25rem; padding-bottom: 0; }
.brand { display: inline-flex; align-items: center; gap: .55rem; min-height: 2.75rem; color: var(--ink); font-size: 1.1rem; font-weight: 650; text-decoration: none; }
.mark { width: 1.75rem; height: 1.75rem; fill: none; stroke: var(--accent); stroke-width: 3; stroke-linecap: round; }
main { display: grid; gap: 1.25rem; padding-bottom: 3rem; }

.card { min-width: 0; padding: 1.75rem; border: 1px solid var(--line); border-radius: 16px; background: var(--card); box-shadow: 0 1px 3px rgb(0 0 0 / .05); }
.narrow { width: 100%; max-width: 27rem; margin: clamp(0rem, 6vh, 4rem) auto; }
.lead { margin-bottom: 1.5rem; color: var(--soft); }
.soft, .fine { color: var(--soft); }
.fine { font-size: .875rem; }
.aside { padding-top: 1rem; border-top: 1px solid var(--line); }
.accounts + .aside { margin-top: 1.1rem; }
.plain { list-style: none; margin: 0; padding: 0; }
.grow { flex: 1; min-width: 0; }
.clamp { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; }
.actions + .aside { margin-top: 1.5rem; }

.button {
  display: inline-flex; align-items: center; justify-content: center; gap: .65rem; min-height: 3rem; padding: .55rem 1.25rem;
  border: 1px solid transparent; border-radius: 10px; background: var(--accent); color: var(--on-accent);
  font: inherit; font-weight: 600; line-height: 1.3; text-align: center; text-decoration: none; cursor: pointer;
}
.button:hover { background: var(--accent-strong); }
.button.quiet { border-color: var(--edge); background: transparent; color: var(--ink); }
.button.quiet:hover { background: var(--shade); }
.button.small { min-height: 2.75rem; padding: .4rem 1rem; font-size: .9rem; }
.button:focus-visible { border-radius: 10px; }
.chip { display: inline-block; padding: .1rem .55rem; border-radius: 99px; background: var(--shade); color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
.chip.good { background: var(--good-back); color: var(--good); }
.chip.warn { background: var(--warn-back); color: var(--warn); }
.chip.bad { background: var(--bad-back); color: var(--bad); }

.letter { flex: none; display: inline-grid; place-items: center; width: 1.75rem; height: 1.75rem; border-radius: 8px; color: #fff; font-size: .85rem; font-weight: 700; line-height: 1; letter-spacing: -.03em; box-shadow: inset 0 0 0 1px rgb(255 255 255 / .16); }
.hue-0 { background: #2f5bb7; } .hue-1 { background: #6b3fb8; } .hue-2 { background: #a32e5b; }
.hue-3 { background: #8a4b12; } .hue-4 { background: #2c6e3f; } .hue-5 { background: #1a6a80; }
.of-logto { background: #6b3fd4; } .of-google { background: #b8352a; } .of-github { background: #57606a; }
.of-facebook { background: #1a66d6; } .of-x { background: #33383f; } .of-wecom { background: #0b7698; }

.hero { padding: clamp(1.75rem, 6vw, 3.5rem); margin-top: clamp(0rem, 4vh, 2.5rem); }
.hero h1 { font-size: clamp(2rem, 7vw, 2.9rem); line-height: 1.1; margin-bottom: 1rem; }
.hero .lead { max-width: 33rem; font-size: 1.1rem; }
.points { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1.25rem 2rem; margin-top: 2.5rem; padding-top: 1.75rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .95rem; }
.points strong { display: block; color: var(--ink); }

.choices { display: grid; gap: .6rem; }
.choices .button { width: 100%; padding-inline: .75rem; }
/* The marks stand in a column, and the labels in the middle. */
.choices .button:has(.letter) { display: grid; grid-template-columns: 1.75rem 1fr 1.75rem; }
.or { display: flex; align-items: center; gap: .75rem; margin: 1.1rem 0; color: var(--soft); font-size: .875rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }

.profile { display: flex; gap: 1.25rem; align-items: center; }
.profile h1 { margin-bottom: .15rem; }
.profile .lead { display: flex; flex-wrap: wrap; align-items: center; gap: .15rem .5rem; margin-bottom: .25rem; }
.portrait { position: relative; flex: none; width: 4rem; height: 4rem; border-radius: 50%; overflow: hidden; font-size: 1.4rem; font-weight: 650; white-space: nowrap; }
.portrait img { display: block; width: 100%; height: 100%; object-fit: cover; }
.portrait:not(:has(img)), .portrait img::before { display: grid; place-items: center; background: var(--accent); color: var(--on-accent); }
/* Browsers draw this in place of a picture that does not load. */
.portrait img::before { content: attr(data-initials); position: absolute; inset: 0; }

.accounts li { display: flex; gap: .9rem; align-items: flex-start; padding: 1.1rem 0; border-top: 1px solid var(--line); }
.accounts li:first-child { border-top: 0; }
.accounts li:last-child { padding-bottom: 0; }
.accounts .letter { width: 2.5rem; height: 2.5rem; border-radius: 10px; font-size: 1.1rem; margin-top: .15rem; }
.accounts .name { font-weight: 600; }
.accounts .fine { margin-top: .3rem; }
.accounts summary { display: inline-block; min-height: 1.5rem; cursor: pointer; text-decoration: underline; text-underline-offset: .2em; }
.accounts details form { display: grid; gap: .6rem; justify-items: start; margin-top: .5rem; }
.requests { display: grid; gap: .5rem; margin-top: 1rem; }
.requests li { padding: .75rem 1rem; border-radius: 10px; background: var(--shade); }
.method { font-weight: 700; }

@media (max-width: 34rem) {
  .top, main { padding-inline: 1rem; }
  .card { padding: 1.35rem; }
  .method { display: block; }
  .profile { gap: 1rem; align-items: flex-start; }
  .profile h1 { font-size: 1.35rem; }
  .portrait { width: 3.25rem; height: 3.25rem; font-size: 1.15rem; }
  .accounts li { flex-wrap: wrap; }
  .accounts li > form, .accounts li > .button, .accounts form .button, .actions .button { width: 100%; }
}
@media (prefers-reduced-motion: no-preference) { .button { transition: background-color .12s; } }
`;

/** Named by its content, so that it can be cached for good. */
export const STYLESHEET_PATH = `/assets/latchkey-${digest(STYLESHEET).slice(0, 12)}.css`;
