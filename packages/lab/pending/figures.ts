/**
 * What a run of `pnpm pending` takes, and what it gives.
 */

export type Store = "memory" | "file" | "postgres"

/** What the runner is told. */
export interface Task {
  readonly store: Store
  /** How many logins are pending. */
  readonly count: number
  /** The URL of the database of PostgreSQL, or the path of the file. */
  readonly database: string
  /** The URL of the service. */
  readonly endpoint: string
  /** The port where the runners of PostgreSQL reach each other. */
  readonly port: number
  /** The seconds between two polls of a login. */
  readonly interval: number
  /** For how many seconds it measures. */
  readonly window: number
  /** Whether each poll is written. */
  readonly everyPoll: boolean
}

/** What the runner measured. */
export interface Runner {
  /** The heap for each login, in bytes. */
  readonly heap: number
  /** The heap before the logins, in bytes. */
  readonly base: number
  /** The memory of the process, in bytes. */
  readonly rss: number
  readonly startsPerSecond: number
  /** The processor time of a start, in milliseconds. */
  readonly cpuPerStart: number
  readonly pollsPerSecond: number
  /** The processor time of the process for each poll, in milliseconds. */
  readonly cpuPerPoll: number
  /** How much of one core it used. */
  readonly load: number
  /** What the database counted in the window, for each poll. `undefined` without PostgreSQL. */
  readonly database: Database | undefined
  /** How many seconds a clean stop took until all rows were released. */
  readonly release: number
  /** How many rows the stop left with a holder. */
  readonly unreleased: number
  /** How many seconds a clean stop took. */
  readonly stop: number
}

export interface Database {
  readonly commitsPerPoll: number
  /** Rows of the logins' table that were inserted, updated or deleted. */
  readonly rowsPerPoll: number
  /** Rows of the other tables: the engine's. */
  readonly otherRowsPerPoll: number
}

/** A whole run. */
export interface Figures extends Runner {
  readonly store: Store
  readonly count: number
  readonly everyPoll: boolean
  /** The seconds between two polls of a login. */
  readonly interval: number
  readonly wantedPerSecond: number
  /** Polls that the service saw too early, in all. */
  readonly early: number
  /** How much of one core the service used in the window. */
  readonly serviceLoad: number
}
