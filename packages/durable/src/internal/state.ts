/**
 * The states of a row, to recognize one.
 */
import type { Row, State } from "../LoginStore.ts"

const states: ReadonlySet<unknown> = new Set<State>(["pending", "approved", "failed", "lost", "cancelled"])

export const isState = (value: unknown): value is State => states.has(value)

export const isDriver = (value: unknown): value is Row["driver"] => value === "step" || value === "engine"
