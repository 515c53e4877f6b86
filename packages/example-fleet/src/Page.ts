/**
 * The status page. It has no script, and shows no secret and no code: a screen in an office may show it.
 */
import type { Figures } from "./Figures.ts"
import type { Device, State } from "./Inventory.ts"

export interface Content {
  /** The name of the process. */
  readonly name: string
  readonly isStopping: boolean
  readonly counts: Readonly<Record<State, number>>
  readonly figures: Figures
  readonly latest: ReadonlyArray<Pick<Device, "id" | "state" | "until">>
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}

/** The ids come from the callers of the routes. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

const row = (title: string, value: string | number): string =>
  `<tr><th scope="row">${escape(title)}</th><td>${escape(String(value))}</td></tr>`

const table = (title: string, rows: ReadonlyArray<string>): string => `<h2>${title}</h2><table>${rows.join("")}</table>`

const style =
  `body{font:16px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:44rem;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;width:100%}th,td{border-top:1px solid #8884;padding:.2rem .5rem}
th{font-weight:400;overflow-wrap:anywhere;text-align:left}td{text-align:right;white-space:nowrap}`

export const render = ({ counts, figures, isStopping, latest, name }: Content): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width"><title>Fleet</title><style>${style}</style></head><body>
<h1>Fleet</h1><p>This is process ${escape(name)}${isStopping ? ", which stops" : ""}.</p>
${table("Devices of the fleet", Object.entries(counts).map(([state, count]) => row(state, count)))}
${
    table("This process", [
      row("logins it polls for", figures.pending),
      row("polls a second", figures.pollsPerSecond.toFixed(1)),
      row("polls that made the wait longer", figures.backOffs),
      row("tokens that may be lost", figures.lost),
      row("logins approved", figures.approved),
      row(
        "mean time to approve",
        figures.secondsToApprove === undefined ? "none yet" : `${figures.secondsToApprove.toFixed(1)} s`
      )
    ])
  }
${
    table(
      "Latest changes",
      latest.map(({ id, state, until }) => row(id, until === null ? state : `${state} until ${until}`))
    )
  }
</body></html>`
