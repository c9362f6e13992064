/** One for all pages: its hash is in the policy, so that nothing else on a page can style it. */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ground: #f5f5f2; --sheet: #fff; --ink: #1b1c1f; --muted: #595c64; --line: #e1e1db; --edge: #84868d;
  --accent: #2b46c8; --accent-hover: #213799; --on-accent: #fff; --code: #f3f3ef;
  --warning: #fcf3de; --warning-edge: #b57c0c; --warning-ink: #5c3f00;
  --problem: #fdeceb; --problem-edge: #c6352b; --problem-ink: #84160f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121316; --sheet: #1b1c20; --ink: #ececea; --muted: #a6a9b2; --line: #303238; --edge: #797c86;
    --accent: #adbbff; --accent-hover: #c9d2ff; --on-accent: #10163a; --code: #131417;
    --warning: #2c2413; --warning-edge: #c58a14; --warning-ink: #f3dba6;
    --problem: #331a19; --problem-edge: #e2665d; --problem-ink: #ffc4be;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
body { margin: 0; padding: clamp(1rem, 5vh, 4.5rem) 1rem 2rem; background: var(--ground); color: var(--ink); }
header, main { max-width: 27rem; margin: 0 auto; overflow-wrap: anywhere; }
header { display: flex; align-items: center; gap: .6rem; margin-bottom: .9rem; font-weight: 600; }
header:has(+ .guide), .guide { max-width: 44rem; }
header:has(+ .guide) { margin-bottom: 2rem; }
header svg { width: 1.75rem; height: 1.75rem; flex: none; }
header rect { fill: var(--accent); }
header path { fill: var(--on-accent); }

.card { padding: clamp(1.25rem, 6vw, 2rem); background: var(--sheet); }
.card, .clients { border: 1px solid var(--line); border-radius: 1rem; }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -.015em; }
h1 { text-wrap: balance; }
h2 { margin: 1.35rem 0 .3rem; font-size: .875rem; line-height: 1.4; font-weight: 600; color: var(--muted); }
.guide h1 { font-size: clamp(1.75rem, 6vw, 2.25rem); }
.guide h2 { margin: 2.5rem 0 .5rem; font-size: 1.25rem; color: var(--ink); letter-spacing: -.01em; }
p { margin: .5rem 0 0; }
ul { margin: 0; padding-left: 1.15rem; }
li + li { margin-top: .2rem; }
li::marker { color: var(--edge); }
strong { font-weight: 650; }
small, .quiet { color: var(--muted); font-size: .875rem; line-height: 1.5; }
small { display: block; }
.lead { font-size: 1.125rem; color: var(--muted); text-wrap: pretty; }
.destination { margin: 0; }
.warning, .problem { padding: .65rem .85rem; border-left: 4px solid; border-radius: .375rem; font-size: .9375rem; }
.warning { margin-top: .9rem; background: var(--warning); color: var(--warning-ink); }
.problem { background: var(--problem); color: var(--problem-ink); }
.warning { border-color: var(--warning-edge); }
.problem { border-color: var(--problem-edge); }

form { margin-top: 1.35rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
form > [type=hidden] + * { margin-top: 0; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input, button { width: 100%; min-height: 3rem; border: 1px solid var(--edge); border-radius: .625rem; }
input, button { font: inherit; }
input { margin-top: .35rem; padding: .5rem .85rem; background: var(--sheet); color: var(--ink); }
input[aria-invalid=true] { border-color: var(--problem-edge); }
form small { margin-top: .35rem; }
button { margin-top: .75rem; padding: .5rem 1rem; background: none; color: var(--ink); font-weight: 600; }
button { cursor: pointer; }
button:hover { border-color: var(--ink); }
.primary { margin-top: 1.2rem; border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.primary:hover { border-color: var(--accent-hover); background: var(--accent-hover); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; min-height: 0; margin: -1px; padding: 0; }
.visually-hidden { border: 0; overflow: hidden; clip-path: inset(50%); }

code { font: .875em/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
pre { margin: .5rem 0 0; padding: .75rem .9rem; background: var(--code); white-space: pre-wrap; }
pre { border: 1px solid var(--line); border-radius: .625rem; }
pre code { display: block; -webkit-user-select: all; user-select: all; }
.endpoint { background: var(--sheet); }
.endpoint code { font-size: 1rem; }
.clients { margin-top: 1rem; background: var(--sheet); }
details + details { border-top: 1px solid var(--line); }
summary { display: flex; align-items: center; min-height: 3rem; padding: .5rem 1rem; border-radius: 1rem; }
summary { font-weight: 600; cursor: pointer; list-style: none; }
summary:focus-visible { outline-offset: -4px; }
summary::-webkit-details-marker { display: none; }
summary::after { content: ""; width: .5rem; height: .5rem; margin-left: auto; rotate: 45deg; translate: 0 -.15rem; }
summary::after { border: solid var(--muted); border-width: 0 2px 2px 0; }
details[open] > summary::after { rotate: -135deg; translate: 0 .1rem; }
.steps { padding: 0 1rem 1.1rem; }
.steps > p:first-child { margin-top: 0; }
.steps pre + p { margin-top: 1rem; }

@media (prefers-reduced-motion: no-preference) {
  button { transition: background-color .15s, border-color .15s; }
  summary::after { transition: rotate .15s; }
}
`;
