/**
 * The style of the pages, in light and dark, for phones and large screens. Its hash stands in the content security policy, so
 * a browser applies no other style.
 */

export const style = `
:root {
  color-scheme: light dark;
  --page: #f2f3f5; --card: #ffffff; --text: #16191d; --soft: #545b64; --line: #c9ced4;
  --accent: #0b5cad; --on-accent: #ffffff; --warn: #fff6dd; --warn-line: #b98900; --bad: #b3261e; --good: #1b6e3c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1e2226; --text: #eceef0; --soft: #a9b1ba; --line: #444b53;
    --accent: #79b4f2; --on-accent: #0d1a28; --warn: #322a12; --warn-line: #d3a72a; --bad: #ff9a90; --good: #7fd6a0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1.5rem 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main {
  position: relative; max-width: 32rem; margin: 0 auto; padding: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem;
}
@media (min-width: 40rem) { body { padding-top: 4rem; } main { padding: 2.25rem; } }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
h2 { margin: 0 0 .25rem; overflow: hidden; font-size: 1.125rem; line-height: 1.25; overflow-wrap: anywhere; }
section { margin: 0 0 1.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.number { color: var(--soft); font-weight: 400; white-space: nowrap; }
.roles { margin: 0 0 1rem; padding: 0; list-style: none; }
.line { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; padding: .25rem 0; }
.line bdi { flex: 1 1 8rem; min-width: 0; overflow: hidden; overflow-wrap: anywhere; }
.line button { position: relative; flex: 0 0 auto; }
p { margin: 0 0 1rem; }
main > :last-child { margin-bottom: 0; }
.code {
  margin: 0 0 1.25rem; padding: .5rem; border: 1px dashed var(--line); border-radius: .5rem;
  font: 600 1.75rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: .1em; text-align: center;
}
dl { margin: 0 0 1.25rem; }
dt { color: var(--soft); font-size: .875rem; }
dd { margin: 0 0 .75rem; overflow: hidden; overflow-wrap: anywhere; }
dd ul { margin: 0; padding-left: 1.25rem; }
code { color: var(--soft); font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; user-select: none; }
.warning {
  margin: 0 0 1.5rem; padding: .75rem 1rem; background: var(--warn); border-left: .25rem solid var(--warn-line);
  border-radius: .25rem;
}
label { display: block; margin-bottom: .25rem; font-weight: 600; }
.hint { margin: 0 0 .5rem; overflow: hidden; overflow-wrap: anywhere; color: var(--soft); font-size: .875rem; }
.problem { color: var(--bad); font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
input, button { font: inherit; border-radius: .5rem; }
input {
  display: block; width: 100%; margin-bottom: 1.25rem; padding: .625rem .75rem; background: var(--card);
  color: var(--text); border: 1px solid var(--soft); letter-spacing: .1em; text-transform: uppercase;
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 1.25rem;
}
input.plain { letter-spacing: normal; text-transform: none; font-family: inherit; font-size: 1rem; }
input[aria-invalid] { border-color: var(--bad); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
button {
  flex: 1 1 8rem; min-height: 2.75rem; padding: .5rem 1rem; cursor: pointer; font-weight: 600;
  background: var(--card); color: var(--text); border: 1px solid var(--soft);
}
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
a { color: var(--accent); }
a.next { display: inline-flex; align-items: center; min-height: 2.75rem; }
:focus-visible { outline: .1875rem solid var(--accent); outline-offset: .1875rem; }
/* where the system's own colors replace these, the main button still differs, and no color carries a meaning alone */
@media (forced-colors: active) { button.main { border-width: .1875rem; } }
footer { max-width: 32rem; margin: 1rem auto 0; color: var(--soft); font-size: .875rem; text-align: center; text-wrap: balance; }
`

/** The style's source expression for a content security policy. */
export const source = async (): Promise<string> => {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)))
  return `'sha256-${btoa(String.fromCharCode(...hash))}'`
}
