/**
 * A store of logins whose rules can be changed, and changes that break the contract.
 */
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

type Row = LoginStore.Row

/** The rules of a store. */
export interface Rules {
  /** What an id is stored under. */
  readonly key: (id: string) => string
  /** What is kept of a row, over another row. */
  readonly keep: (row: Row, stored: Row | undefined) => Row
  readonly mayInsert: (stored: Row | undefined) => boolean
  readonly maySet: (stored: Row | undefined, version: string, row: Row) => boolean
  readonly mayEnd: (stored: Row | undefined, version: string, row: Row) => boolean
  /** What a write says, if it wrote or not. */
  readonly says: (did: boolean) => boolean
  /** Whether the comparison and the write are one step. */
  readonly isAtomic: boolean
  readonly isIdle: (row: Row, before: number) => boolean
  readonly isOld: (row: Row, before: number) => boolean
  readonly order: (one: number, other: number) => number
  readonly most: number
  /** What a list says of a row. */
  readonly found: (id: string, row: Row) => LoginStore.Found
  readonly removes: boolean
  /** Whether a row is compared in the step that removes it. */
  readonly isComparedAgain: boolean
  readonly name: string
}

const good: Rules = {
  key: (id) => id,
  keep: (row) => ({ ...row }),
  mayInsert: (stored) => stored === undefined,
  maySet: (stored, version) => stored?.version === version,
  mayEnd: (stored, version, row) =>
    stored !== undefined && stored.attempt === row.attempt &&
    (stored.state === "pending" ? stored.version === version : stored.state === "lost" && row.state === "approved"),
  says: (did) => did,
  isAtomic: true,
  isIdle: ({ driver, holder, state, writtenAt }, before) =>
    state === "pending" && driver === "engine" && holder === undefined && writtenAt < before,
  isOld: ({ removeAt }, before) => removeAt < before,
  order: (one, other) => one - other,
  most: 1000,
  found: (id, { attempt }) => ({ id, attempt }),
  removes: true,
  isComparedAgain: true,
  name: "broken"
}

/** A store with these rules. All builds of the layer share it. */
export const store = (changes: Partial<Rules>): Layer.Layer<LoginStore.LoginStore> => {
  const rules = { ...good, ...changes }
  const rows = new Map<string, { readonly id: string; readonly row: Row }>()
  const write = (id: string, row: Row, may: (stored: Row | undefined) => boolean) =>
    Effect.gen(function*() {
      const key = rules.key(id)
      const stored = rows.get(key)?.row
      if (!may(stored)) return rules.says(false)
      if (!rules.isAtomic) yield* Effect.yieldNow
      rows.set(key, { id, row: rules.keep(row, stored) })
      return rules.says(true)
    })
  const list = (time: (row: Row) => number, is: (row: Row) => boolean) =>
    [...rows.values()].filter(({ row }) => is(row)).toSorted((one, other) =>
      rules.order(time(one.row), time(other.row))
    )
      .slice(0, rules.most)
  return Layer.succeed(LoginStore.LoginStore, {
    name: rules.name,
    get: (id) => Effect.sync(() => rows.get(rules.key(id))?.row),
    insert: (id, row) => write(id, row, rules.mayInsert),
    set: (id, version, row) => write(id, row, (stored) => rules.maySet(stored, version, row)),
    end: (id, version, row) => write(id, row, (stored) => rules.mayEnd(stored, version, row)),
    pending: (before) =>
      Effect.sync(() =>
        list(({ writtenAt }) => writtenAt, (row) => rules.isIdle(row, before)).map(({ id, row }) =>
          rules.found(id, row)
        )
      ),
    sweep: (before) =>
      Effect.gen(function*() {
        const listed = list(({ removeAt }) => removeAt, (row) => rules.isOld(row, before))
        if (!rules.isAtomic) yield* Effect.yieldNow
        // a list and the removals are two requests
        if (!rules.isComparedAgain) yield* Effect.sleep(3)
        const old = rules.isComparedAgain ? listed : listed.filter(({ id }) => rows.has(rules.key(id)))
        if (rules.removes) { for (const { id } of old) rows.delete(rules.key(id)) }
        return old.map(({ id, row }) => rules.found(id, row))
      })
  })
}

const isDefined = <A>(value: A | undefined): value is A => value !== undefined

/** Ways to break the contract, each with a part of the name of the case that finds it. */
export const broken: Readonly<Record<string, readonly [changes: Partial<Rules>, found: string]>> = {
  "has no name": [{ name: "" }, "an id that was never written"],
  "inserts over a row that is there": [{ mayInsert: () => true }, "insert leaves a row that is there"],
  "inserts over a row that has ended": [
    { mayInsert: (stored) => stored?.state !== "pending" },
    "insert leaves a row that is there"
  ],
  "inserts without an atomic comparison": [{ isAtomic: false }, "one of many inserts"],
  "says that each write was done": [{ says: () => true }, "set writes nothing if the stored version is another"],
  "says that no write was done": [{ says: () => false }, "a row that waits"],
  "sets without a comparison": [{ maySet: isDefined }, "set writes nothing if the stored version is another"],
  "compares the attempt in place of the version": [
    { maySet: (stored, _, row) => stored?.attempt === row.attempt },
    "one of many sets"
  ],
  "compares versions without their case": [
    { maySet: (stored, version) => stored?.version.toLowerCase() === version.toLowerCase() },
    "set writes nothing if the stored version is another"
  ],
  "sets a row that is not there": [
    { maySet: (stored, version) => stored === undefined || stored.version === version },
    "set writes nothing if there is no row"
  ],
  "sets without an atomic comparison": [{ isAtomic: false }, "one of many sets"],
  "loses changes": [{ isAtomic: false }, "no change is lost"],
  "keeps members of the row before": [
    { keep: (row, stored) => ({ ...stored, ...row }) },
    "set replaces the row as a whole"
  ],
  "does not set over an outcome": [
    { maySet: (stored, version) => stored?.state === "pending" && stored.version === version },
    "an id that has ended can be used again"
  ],
  "cuts a long text": [
    { keep: (row) => ({ ...row, sealed: row.sealed?.slice(0, 32_767) }) },
    "with a sealed text of 40,000 characters"
  ],
  "changes letters of other languages": [
    { keep: (row) => ({ ...row, sealed: row.sealed?.normalize("NFC") }) },
    "with a sealed text of many languages"
  ],
  "trims a text": [
    { keep: (row) => ({ ...row, error: row.error?.replace(/\r/g, "") }) },
    "with an error of several lines"
  ],
  "makes an empty text of an absent one": [
    { keep: (row) => ({ ...row, sealed: row.sealed ?? "" }) },
    "a row without a sealed text"
  ],
  "makes nothing of an empty text": [
    { keep: ({ error, ...row }) => ({ ...row, ...(error === "" ? {} : { error }) }) },
    "with empty texts"
  ],
  "makes nothing of the number 0": [
    { keep: ({ heldUntil, ...row }) => ({ ...row, ...(heldUntil === 0 ? {} : { heldUntil }) }) },
    "with the times 0"
  ],
  "keeps seconds": [
    { keep: (row) => ({ ...row, writtenAt: Math.floor(row.writtenAt / 1000) * 1000 + 999 }) },
    "a row that waits"
  ],
  "forgets the holder": [{ keep: (row) => ({ ...row, holder: undefined }) }, "a row that is held without an end"],
  "lists old rows, and removes them without a comparison": [
    { isComparedAgain: false },
    "a row that is written while old rows are removed"
  ],
  "compares ids without their case": [{ key: (id) => id.toLowerCase() }, "ids that look alike"],
  "trims ids": [{ key: (id) => id.trimEnd() }, "ids that look alike"],
  "normalizes ids": [{ key: (id) => id.normalize() }, "ids that look alike"],
  "cuts long ids": [{ key: (id) => id.slice(0, 100) }, "ids that look alike"],
  "reads numbers in ids": [{ key: (id) => id.replace(/ 0+(?=\d+$)/, " ") }, "ids that look alike"],
  "ends without a comparison": [
    { mayEnd: (stored, _, row) => stored?.attempt === row.attempt && stored.state === "pending" },
    "end writes nothing if the stored version is another"
  ],
  "ends another login of the id": [
    { mayEnd: (stored, version, row) => good.mayEnd(stored && { ...stored, attempt: row.attempt }, version, row) },
    "end writes nothing into another login of the id"
  ],
  "ends a login that is not there": [
    { mayEnd: (stored, version, row) => stored === undefined || good.mayEnd(stored, version, row) },
    "end writes nothing if there is no row"
  ],
  "ends a login twice": [
    {
      mayEnd: (stored, version, row) =>
        good.mayEnd(stored, version, row) || (stored?.attempt === row.attempt && stored.version === version)
    },
    "end writes nothing over the outcome \"cancelled\""
  ],
  "replaces a token by a token": [
    {
      mayEnd: (stored, version, row) =>
        good.mayEnd(stored, version, row) ||
        (stored?.attempt === row.attempt && stored.state === "approved" && row.state === "approved")
    },
    "end writes nothing over the outcome \"approved\""
  ],
  "replaces a failure by a late token": [
    {
      mayEnd: (stored, version, row) =>
        good.mayEnd(stored?.state === "failed" ? { ...stored, state: "lost" } : stored, version, row)
    },
    "end writes nothing over the outcome \"failed\""
  ],
  "replaces the outcome lost by a failure": [
    {
      mayEnd: (stored, version, row) =>
        good.mayEnd(stored, version, row) || (stored?.attempt === row.attempt && stored.state === "lost")
    },
    "over the outcome \"lost\""
  ],
  "wants the version of a late token": [
    {
      mayEnd: (stored, version, row) =>
        good.mayEnd(stored, version, row) && (stored?.state !== "lost" || stored.version === version)
    },
    "a late token replaces the outcome \"lost\""
  ],
  "takes a late token of another login": [
    {
      mayEnd: (stored, version, row) =>
        good.mayEnd(stored, version, row) || (stored?.state === "lost" && row.state === "approved")
    },
    "a late token leaves another login of the id"
  ],
  "takes two late tokens": [{ isAtomic: false }, "one of many late tokens"],
  "ends and sets without an atomic comparison": [{ isAtomic: false }, "one of many ends and sets"],
  "lets a removed login write into the next one": [
    {
      maySet: isDefined,
      mayEnd: (stored, version, row) => good.mayEnd(stored && { ...stored, attempt: row.attempt }, version, row)
    },
    "a late write of a removed login"
  ],
  "gives a token twice": [{ isAtomic: false }, "a token can be removed from an approved row"],
  "lists logins of functions": [
    { isIdle: (row, before) => good.isIdle({ ...row, driver: "engine" }, before) },
    "pending leaves out"
  ],
  "lists logins that are held": [
    { isIdle: (row, before) => good.isIdle({ ...row, holder: undefined }, before) },
    "pending leaves out"
  ],
  "lists logins that have ended": [
    { isIdle: (row, before) => good.isIdle({ ...row, state: "pending" }, before) },
    "pending leaves out"
  ],
  "lists logins of the very time": [
    { isIdle: (row, before) => good.isIdle(row, before + 1) },
    "pending finds the logins"
  ],
  "lists the newest first": [{ order: (one, other) => other - one }, "pending finds the logins"],
  "lists logins without their attempt": [{ found: (id) => ({ id, attempt: "" }) }, "pending finds the logins"],
  "lists nothing": [{ isIdle: () => false }, "pending follows a login"],
  "lists without a limit": [{ most: Infinity }, "1,000 rows at most"],
  "sweeps the newest first": [{ order: (one, other) => other - one }, "1,000 rows at most"],
  "sweeps nothing": [{ removes: false }, "sweep removes the rows"],
  "sweeps rows that have ended alone": [
    { isOld: (row, before) => row.state !== "pending" && good.isOld(row, before) },
    "sweep removes the rows"
  ],
  "sweeps all rows that have ended": [
    { isOld: (row, before) => row.state !== "pending" || good.isOld(row, before) },
    "sweep removes the rows"
  ],
  "sweeps rows of the very time": [{ isOld: (row, before) => good.isOld(row, before + 1) }, "the time itself"],
  "sweeps each row twice": [{ isAtomic: false }, "two sweeps at the same time"]
}
