/**
 * Times as texts.
 */
import * as DateTime from "effect/DateTime"

/** `2026-11-26T08:00:00Z`: UTC in whole seconds. */
export const iso = (at: DateTime.Utc): string => DateTime.formatIso(at).replace(/\.\d+Z$/, "Z")

/** `2026-11-26 08:00:00 UTC`, for a person. */
export const readable = (at: DateTime.Utc): string => iso(at).replace("T", " ").replace("Z", " UTC")
