/**
 * Config files: ours against the AWS CLI's own parser, the loader of the AWS SDK for JavaScript, and the package `ini`.
 *
 * Every difference has a name in `configDifferences.ts`. A difference without a name fails.
 */
import { assert, describe, it } from "@effect/vitest"
import { folder } from "@sso-oidc/test-kit/child"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { isDeepStrictEqual } from "node:util"
import { type Difference, differences, type ReaderName } from "../support/configDifferences.ts"
import { configFile, pieces } from "../support/configFiles.ts"
import {
  awsCli,
  type Case,
  cases,
  expected,
  ini,
  jsSdk,
  ours,
  type Outcome,
  type Reader
} from "../support/configReaders.ts"
import { configLoader } from "../support/machine.ts"

const parser = configLoader()

interface Other {
  readonly name: ReaderName
  readonly title: string
  readonly skip: boolean
  readonly start: Effect.Effect<Reader, never, Scope.Scope>
}

const others: ReadonlyArray<Other> = [
  { name: "jsSdk", title: "@smithy/core/config", skip: false, start: Effect.map(folder, jsSdk) },
  { name: "ini", title: "ini", skip: false, start: Effect.succeed(ini) },
  { name: "awsCli", title: parser.title, skip: isMissing(parser), start: awsCli(parser.found?.path ?? "") }
]

const bytesOf = ({ base64, text = "" }: Case) => base64 === undefined ? text : Buffer.from(base64, "base64")

/** What the fixture says of a reader. It does not say what `ini` reads. */
const said = (one: Case, name: ReaderName): Outcome | undefined =>
  name === "ini" ? undefined : expected(one[name] ?? one.ours)

describe.each(others)("differential: config files, ours and $title", ({ name, skip, start }) => {
  it.effect.skipIf(skip)(
    "reads each of the 75 cases as ours does, or as a difference with a name says (S1)",
    () =>
      Effect.gen(function*() {
        const read = yield* start
        for (const one of cases) {
          const theirs = yield* read(bytesOf(one))
          const says = said(one, name)
          if (says !== undefined) assert.deepStrictEqual(theirs, says, one.name)
          // two cases are no UTF-8, and each reader has its own opinion of them
          if (one.text === undefined) continue
          const named = differences.filter(({ cases }) => cases.includes(one.name))
          assert.strictEqual(
            isDeepStrictEqual(theirs, ours(one.text)),
            named.every((difference) => difference[name] === undefined) && !isEmptied(one.text, name),
            one.name
          )
        }
      }).pipe(Effect.scoped)
  )

  it.effect.skipIf(skip)(
    "reads the file of each difference as ours does, or in another way, as the table says (S1)",
    () =>
      Effect.gen(function*() {
        const read = yield* start
        for (const { input, sample, [name]: how } of differences) {
          const theirs = yield* read(sample)
          const shown = JSON.stringify({ input, theirs, ours: ours(sample) })
          assert.strictEqual(isDeepStrictEqual(theirs, ours(sample)), how === undefined, shown)
        }
      }).pipe(Effect.scoped)
  )

  it.effect.skipIf(skip)(
    "reads 400 generated files as ours does, if they have no difference with a name (S1)",
    () =>
      Effect.gen(function*() {
        const read = yield* start
        const plain = pieces.filter(({ not = [] }) => !not.includes(name))
        for (let seed = 0; seed < 400; seed++) {
          const text = configFile(seed, plain)
          assert.deepStrictEqual(yield* read(text), withoutEmpty(ours(text), name), `seed ${seed}:\n${text}`)
        }
      }).pipe(Effect.scoped),
    60_000
  )

  it.effect.skipIf(skip)(
    "each piece that generated files leave out is one of the differences (S1)",
    () =>
      Effect.gen(function*() {
        const read = yield* start
        for (const piece of pieces.filter(({ not = [] }) => not.includes(name))) {
          const text = piece.kind === "section" ? `${piece.text(1)}\nk = 1\n` : `[profile a]\n${piece.text(1)}\nl = 1\n`
          assert.notDeepEqual(yield* read(text), ours(text), text)
        }
      }).pipe(Effect.scoped)
  )
})

describe("the differences of config files", () => {
  it("name cases of the fixture, each case once, and every case that differs (S1)", () => {
    const named = differences.flatMap(({ cases }) => cases)
    assert.strictEqual(new Set(named).size, named.length)
    assert.includeMembers(cases.map(({ name }) => name), named)
    for (const { awsCli, base64, jsSdk, name } of cases) {
      const differs = awsCli !== undefined || jsSdk !== undefined
      if (differs && base64 === undefined) assert.include(named, name)
    }
    assert.strictEqual(new Set(differences.map(({ input }) => input)).size, differences.length)
  })

  it("are seen by at least one reader each (S1)", () => {
    const seen = ({ awsCli, ini, jsSdk }: Difference) => [awsCli, ini, jsSdk].some((one) => one !== undefined)
    assert.deepStrictEqual(differences.filter((one) => !seen(one)), [])
  })
})

/** The SDK for JavaScript drops a section without settings, which the table has as one difference. */
const withoutEmpty = (read: Outcome, name: ReaderName): Outcome => {
  if (name !== "jsSdk" || "error" in read) return read
  const filled = <A extends object>(sections: Readonly<Record<string, A>>) =>
    Object.fromEntries(Object.entries(sections).filter(([, settings]) => Object.keys(settings).length > 0))
  return {
    profiles: filled(read.profiles),
    sso_sessions: filled(read.sso_sessions),
    services: filled(read.services)
  }
}

/** Whether the reader drops a section of the text because nothing is in it. */
const isEmptied = (text: string, name: ReaderName): boolean =>
  !isDeepStrictEqual(withoutEmpty(ours(text), name), ours(text))
