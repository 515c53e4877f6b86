/**
 * What is seen in a run: by the observer, by the program that strikes the runners, in the emulator, and in the rows.
 *
 * All times are milliseconds since the run began, on the clock of the observer. No value holds a secret: codes and tokens are hashes.
 */

/** How a runner is struck. */
export type Kind = "SIGKILL" | "SIGSTOP" | "SIGTERM"

/** What a response says. `broken` is any other response, or none. */
export type Answer = "pending" | "slow_down" | "token" | "denied" | "expired" | "invalid_grant" | "broken"

/** A code, as the observer saw it given out. */
export interface Code {
  readonly login: number
  /** When the response with the code was sent. */
  readonly at: number
  /** The time between two polls that the response asks for, in milliseconds. */
  readonly interval: number
  /** How long the code is valid, in milliseconds. */
  readonly life: number
}

/** A poll, as the observer saw it. */
export interface Poll {
  /** The number of the login. Absent if no start of a login gave out this code. */
  readonly login?: number
  /** The runner that sent it: a process, not its place. */
  readonly runner: string
  readonly arrivedAt: number
  /** When the response was sent to the runner, or when the runner's connection closed before that. */
  readonly endedAt: number
  readonly answer: Answer
  /** Whether the whole response was handed to the runner's connection. */
  readonly isGiven: boolean
  /** The hash of the token in the response. */
  readonly token?: string
}

/** A signal that struck a runner. */
export interface Blow {
  readonly kind: Kind
  readonly runner: string
  readonly at: number
  /** When the runner went on (SIGSTOP), or had ended (the others). */
  readonly until: number
}

/** A program's call of `cancel` that gave `true`. */
export interface Cancel {
  readonly login: number
  /** When `cancel` returned. */
  readonly at: number
}

/** A device code at the end of the run, as the emulator has it. */
export interface Service {
  readonly login: number
  readonly decision?: "approved" | "denied"
  /** Whether it gave out the token. */
  readonly isUsed: boolean
}

/** A login at the end of the run, as its row says. */
export interface End {
  readonly login: number
  readonly state: "pending" | "approved" | "failed" | "cancelled" | "unknown" | "unreadable"
  /** The tag of the error, of a login that failed or could not be read. */
  readonly error?: string
  /** Whether the error says that the code expired while a response was lost. */
  readonly responseLost?: boolean
  /** The hash of the token, of a login that was approved. */
  readonly token?: string
}

/** A copy of the whole database. */
export interface Dump {
  readonly at: number
  /** Each row as text, after the name of its table. */
  readonly rows: ReadonlyArray<readonly [table: string, text: string]>
}

/** A secret that a person may not read in a database. */
export interface Secret {
  /** What it is, such as `device code`. */
  readonly what: string
  readonly text: string
  readonly login?: number
}

/** A write to the table of logins, as a trigger of the database saw it. */
export interface Write {
  readonly id: string
  readonly at: number
  readonly stateBefore?: string
  readonly state: string
  readonly holderBefore?: string
  readonly holder?: string
}

/** All that is seen in a run. */
export interface Seen {
  readonly logins: number
  readonly codes: ReadonlyArray<Code>
  readonly polls: ReadonlyArray<Poll>
  readonly blows: ReadonlyArray<Blow>
  readonly cancels: ReadonlyArray<Cancel>
  readonly services: ReadonlyArray<Service>
  /** The hashes of the tokens that the emulator issued. */
  readonly issued: ReadonlyArray<string>
  readonly ends: ReadonlyArray<End>
  readonly writes: ReadonlyArray<Write>
  /** How many rows are pending at the end. */
  readonly pendingRows: number
  /** What failed in the program itself: a start of a login, or a runner that ended without a signal. */
  readonly failures: ReadonlyArray<string>
}
