export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: #f3f4f7; --card: #fff; --ink: #1d2330; --soft: #5a6376; --line: #dde1e9; --hover: #f1f4fb;
  --accent: #2f5bd0; --on-accent: #fff; --stripe: #ffd84d; --stripe-2: #f7c800; --on-stripe: #2b2300;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12151c; --card: #1b202a; --ink: #e8ebf2; --soft: #a3adbf; --line: #323a49; --hover: #252c39;
    --accent: #8fb0ff; --on-accent: #0e1a38; --stripe: #4a3d00; --stripe-2: #3b3100; --on-stripe: #ffe583;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column; gap: 1rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere;
}
.banner {
  margin: 0; padding: .5rem 1rem; text-align: center; font-size: .875rem; color: var(--on-stripe);
  background: repeating-linear-gradient(-45deg, var(--stripe) 0 14px, var(--stripe-2) 14px 28px);
}
.banner strong { text-transform: uppercase; letter-spacing: .08em; margin-right: .5rem; }
.card {
  width: 100%; max-width: 27rem; margin: auto; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 16px; box-shadow: 0 8px 30px rgb(20 30 60 / .07);
}
.card.wide { max-width: 46rem; margin-block: 1rem auto; }
h1 + .face { margin-top: 1rem; }
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
h3 { margin: 0; font-size: 1rem; }
p { margin: 0 0 1rem; }
.lead { color: var(--soft); }
.lead code { color: var(--ink); font-weight: 600; }
.provider { display: flex; align-items: center; gap: .6rem; margin-bottom: 1.25rem; font-size: .9rem; color: var(--soft); }
.mark, .avatar { flex: none; display: grid; place-items: center; color: #fff; font-weight: 600; }
.mark { width: 1.9rem; height: 1.9rem; border-radius: 8px; }
.mark.logto { background: #6b3fd4; }
.mark.google { background: #b8352a; }
.mark.github { background: #57606a; }
.mark.facebook { background: #1a66d6; }
.mark.x { background: #33383f; }
.mark.wecom { background: #0b7698; }
.avatar { width: 2.5rem; height: 2.5rem; border-radius: 50%; font-size: 1.05rem; }
.avatar.alice { background: #b3365b; }
.avatar.bob { background: #1d6b8f; }
.avatar.zoe { background: #6a4fb3; }
.avatar.noor { background: #8a5a12; }
.avatar.carla { background: #4d6b1f; }
.avatar.uma { background: #7a3f8f; }
ul.personas { list-style: none; margin: 1.25rem 0; padding: 0; display: grid; gap: .6rem; }
.card.wide ul.personas { grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
.persona, .face {
  width: 100%; display: flex; align-items: center; gap: .85rem; padding: .7rem .85rem; text-align: left;
  color: inherit; background: none; border: 1px solid var(--line); border-radius: 12px;
}
.who { min-width: 0; display: flex; flex-direction: column; line-height: 1.35; }
.name { font-weight: 600; }
.remark { font-size: .875rem; color: var(--soft); font-weight: 400; }
.tag { display: inline-block; padding: 0 .45rem; border: 1px solid var(--line); border-radius: 99px; font-size: .75rem; }
button { font: inherit; font-weight: 600; cursor: pointer; }
button.persona:hover { background: var(--hover); border-color: var(--accent); }
.button, .plain {
  padding: .6rem 1.1rem; min-height: 2.75rem; border-radius: 10px; border: 1px solid var(--line);
  background: none; color: inherit; text-decoration: none; display: inline-flex; align-items: center;
}
.button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.button:hover, .plain:hover { filter: brightness(1.06); border-color: var(--accent); }
.actions { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: .6rem; margin: 1.25rem 0 0; }
.actions.start { justify-content: flex-start; margin-top: .5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
a.button.main { color: var(--on-accent); }
.picture { margin: 1.25rem 0; text-align: center; }
.picture svg { border-radius: 12px; }
.scopes { margin: 1rem 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 12px; }
.scopes li { padding: .7rem 1rem; }
.scopes li + li { border-top: 1px solid var(--line); }
.scopes label { display: flex; gap: .75rem; align-items: flex-start; cursor: pointer; }
.scopes code { display: block; font-size: .8rem; color: var(--soft); }
.facts { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); margin: .75rem 0; }
.facts > section { padding: 1rem; border: 1px solid var(--line); border-radius: 12px; min-width: 0; }
.facts .provider { margin-bottom: .75rem; }
summary { cursor: pointer; padding: .35rem 0; color: var(--soft); }
.fields { display: grid; gap: 1rem; margin: 1.25rem 0 0; }
.fields label { display: grid; gap: .35rem; font-weight: 600; min-width: 0; }
.fields .remark { line-height: 1.35; }
.fields .actions { margin: 0; }
.fields.inline { grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); align-items: end; margin-top: .5rem; }
.fields.inline .button { justify-self: start; }
select, input[type="number"] {
  font: inherit; font-weight: 400; width: 100%; min-height: 2.75rem; padding: .4rem .7rem; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; text-overflow: ellipsis;
}
input[type="number"] { max-width: 8rem; }
input[type="checkbox"] { flex: none; width: 1.15rem; height: 1.15rem; margin: .2rem 0 0; accent-color: var(--accent); }
dl { margin: 0; }
dt { font-size: .8rem; color: var(--soft); }
dd { margin: 0 0 .5rem; }
dd:last-child { margin-bottom: 0; }
dd code { font-size: .8rem; }
code { font: .875em/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; }
footer { padding: 0 1rem 1rem; text-align: center; font-size: .875rem; }
@media (max-width: 34rem) {
  body { gap: 0; }
  .card, .card.wide { margin: 0; max-width: none; border-width: 0 0 1px; border-radius: 0; box-shadow: none; padding: 1.5rem 1.25rem; }
  footer { margin-top: auto; padding-top: 1rem; }
}
`;

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#f7c800"/><path d="M0 20 20 0h8L0 28zM12 32 32 12v8L20 32z" fill="#ffe583"/>
<text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="20" fill="#2b2300">S</text>
</svg>`;
