/**
 * The report of a run, as lines for a person.
 */
import type { Kind } from "./events.ts"
import {
  type Judgement,
  type Law,
  laws,
  longestWait,
  rescue,
  type Sample,
  tolerance,
  type Violation,
  type WriteKind
} from "./judge.ts"

/** What a report shows beside the judgement. */
export interface Figures {
  readonly seed: number
  readonly isFull: boolean
  readonly logins: number
  /** How long the run was, in milliseconds, and how long the whole program. */
  readonly millis: number
  readonly wholeMillis: number
  readonly runners: number
  readonly processes: number
  readonly dumps: {
    readonly copies: number
    readonly rows: number
    readonly characters: number
    readonly secrets: number
  }
  readonly loginWrites: number
  readonly otherWrites: number
  readonly commits: number
  readonly counted: { readonly polls: number; readonly backOffs: number; readonly lost: number }
  readonly blows: Readonly<Record<Kind, number>>
  /** How long the runners took to end after SIGTERM, in milliseconds. */
  readonly leaving: ReadonlyArray<number>
  /** How long the observer's own event loop was held up, in milliseconds. */
  readonly held: { readonly p99: number; readonly max: number }
}

/** The value that this part of the sorted values does not exceed. 0 if there is none. */
export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
}

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

const spread = (values: ReadonlyArray<number>): string =>
  values.length === 0
    ? "none"
    : `median ${seconds(quantile(values, 0.5))}, 90 % ${seconds(quantile(values, 0.9))}, max ${
      seconds(Math.max(...values))
    }`

const millisOf = (samples: ReadonlyArray<Sample>): ReadonlyArray<number> => samples.map(({ millis }) => millis)

const ratio = (n: number, of: number): string => (of === 0 ? 0 : n / of).toFixed(2)

const shown = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).filter(([, n]) => n > 0).toSorted(([, a], [, b]) => b - a).map(([what, n]) => `${n} ${what}`)
    .join(", ")

/** The lines of the report, without the violations. */
export const lines = (
  judgement: Judgement,
  violations: ReadonlyArray<Violation>,
  figures: Figures
): ReadonlyArray<string> => {
  const { answers, beside, excused, samples, tokens } = judgement
  const polls = Object.values(answers).reduce((sum, n) => sum + n, 0)
  const count = (law: Law): number => violations.filter((violation) => violation.law === law).length
  const line = (name: string, text: string): string => `  ${name.padEnd(10)} ${text}`
  const law = (name: Law, text: string): string => line(name, `${count(name)} violations: ${text}`)
  const texts: Readonly<Record<Law, string>> = {
    ends: `${figures.logins} logins: ${
      shown(judgement.ends)
    }; ${judgement.falseAlarms} say a token may be lost though none was issued`,
    early: `${polls} polls; least time to spare ${
      judgement.leastSpare.toFixed(1)
    } ms (${-tolerance} ms permitted); ${excused.early} excused after a freeze`,
    double: `${excused.double} excused after a freeze`,
    tokens:
      `${tokens.issued} issued: ${tokens.stored} in their rows, ${tokens.lost} told as lost, ${tokens.dropped} dropped by cancel`,
    late: `polls after the outcome; ${excused.late} excused after a freeze; the last one ${
      seconds(judgement.afterCancel)
    } after a cancel`,
    secrets:
      `${figures.dumps.secrets} secrets in ${figures.dumps.copies} copies of the database (${figures.dumps.rows} rows, ${
        (figures.dumps.characters / 2 ** 20).toFixed(1)
      } MiB) and in the logs`,
    pending: "rows that are pending at the end",
    rescue: `${figures.blows.SIGKILL} SIGKILL; next poll of ${samples.SIGKILL.length} logins: ${
      spread(millisOf(samples.SIGKILL))
    } (${rescue / 1000} s permitted)${
      beside.length === 0 ? "" : `; beside another blow ${beside.length}: ${spread(millisOf(beside))}`
    }`,
    stall: `the longest time without a poll was ${
      seconds(judgement.longestWait)
    }, without the lock of a frozen runner (${longestWait / 1000} s permitted)`,
    outcomes: "outcomes that replaced another",
    failures: `${figures.processes} processes for ${figures.runners} runners`
  }
  const writes = Object.values(judgement.writes).reduce((sum, n) => sum + n, 0)
  const kinds = Object.fromEntries(Object.entries<number>(judgement.writes)) satisfies Partial<
    Record<WriteKind, number>
  >
  return [
    `seed ${figures.seed}: ${figures.logins} logins, ${figures.runners} runners, PostgreSQL, ${
      seconds(figures.millis)
    }`,
    ...[...laws, "secrets" as const].map((name) => law(name, texts[name])),
    line(
      "SIGTERM",
      `${figures.blows.SIGTERM}; from the leaver's last poll to the next one, ${samples.SIGTERM.length} logins: ${
        spread(millisOf(samples.SIGTERM))
      }; the process ended after ${spread(figures.leaving)}`
    ),
    line(
      "SIGSTOP",
      `${figures.blows.SIGSTOP}; from the freeze to the next poll, ${samples.SIGSTOP.length} logins: ${
        spread(millisOf(samples.SIGSTOP))
      }`
    ),
    line("polls", `${shown(answers)}`),
    line(
      "runners",
      `count ${figures.counted.polls} polls, ${figures.counted.backOffs} back-offs, ${figures.counted.lost} lost`
    ),
    line("writes", `${writes} of logins: ${shown(kinds)}; ${ratio(writes, polls)} a poll`),
    line(
      "server",
      `counts ${figures.loginWrites} writes of logins (${
        ratio(figures.loginWrites, polls)
      } a poll), ${figures.otherWrites} of the engine, ${figures.commits} commits (${
        ratio(figures.commits, polls)
      } a poll)`
    ),
    line(
      "observer",
      `its event loop was held up by ${figures.held.p99.toFixed(0)} ms (99 %), ${figures.held.max.toFixed(0)} ms (max)`
    ),
    line("time", `${seconds(figures.wholeMillis)} for the whole program`)
  ]
}

const mostShown = 40

/** The violations, and how to see them again. */
export const verdict = (violations: ReadonlyArray<Violation>, replay: string): ReadonlyArray<string> =>
  violations.length === 0
    ? ["no violation"]
    : [
      `${violations.length} violations`,
      ...violations.slice(0, mostShown).map(({ law, login, what }) =>
        `  ${law}${login === undefined ? "" : `, login ${login}`}: ${what}`
      ),
      ...(violations.length > mostShown ? [`  and ${violations.length - mostShown} more`] : []),
      `replay: ${replay}`
    ]
