/**
 * Members that more than one operation has.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as TrustedUrl from "../aws/TrustedUrl.ts"
import * as Wire from "../aws/Wire.ts"

// Written out: Effect's `NonEmptyString` brings the checks of lengths along, 100 bytes of a compressed bundle
const NonEmpty = Schema.String.check(
  Schema.makeFilter((text: string) => text !== "", {
    expected: "a text that is not empty",
    arbitraryConstraint: { minLength: 1 },
    toJsonSchema: () => ({ minLength: 1 })
  })
)

/**
 * A member that may be absent or `undefined`, as `Schema.optional` makes it. Effect's own is made by a helper that adds 20 bytes to a
 * compressed bundle.
 */
export const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.UndefinedOr(schema))

/**
 * A secret of the wire: a non-empty string there, `Redacted` here. What is decoded has the member's name as its label;
 * what is encoded may have any, since the caller made it (`Schema.RedactedFromValue` would insist on the label).
 */
export const secret = (label: string) =>
  NonEmpty.pipe(
    Schema.decodeTo(
      Schema.Redacted(NonEmpty),
      SchemaTransformation.transform({
        decode: (value: string) => Redacted.make(value, { label }),
        encode: Redacted.value
      })
    )
  )

/** Refuses a text with characters that cannot be seen. */
export const isPrintable = Schema.makeFilter((text: string) =>
  Wire.isPrintable(text) ? undefined : "characters that cannot be seen are not allowed here"
)

/**
 * A text of the service that a person or a terminal may see. One with characters that cannot be seen is refused, not mended:
 * a changed user code or URL would be a wrong one.
 */
export const Printable = NonEmpty.check(isPrintable)

/** A URL that a person is sent to: https, or http to loopback. Opaque otherwise, and never rebuilt. */
export const BrowserUrl = Printable.check(
  Schema.makeFilter((text) => TrustedUrl.isTrusted(text) ? undefined : "the URL must be https, or http to loopback")
)

// Some servers write numbers as texts. One that plainly says a number counts as that number: an interval of "8" that was
// ignored would lead to polls that come faster than the server asked for.
const numberOf = (value: unknown): number =>
  typeof value === "number"
    ? value
    : typeof value === "string" && /^\d+(?:\.\d*)?$/.test(value.trim())
    ? Number(value)
    : Number.NaN

const optionalNumber = (least: number) =>
  Schema.optionalKey(Schema.Unknown).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.Number), {
      decode: SchemaGetter.transformOptional((value: Option.Option<unknown>) =>
        Option.filter(Option.map(value, numberOf), (n) => Number.isFinite(n) && n >= least)
      ),
      encode: SchemaGetter.passthroughSubtype<unknown, number>()
    })
  )

/**
 * Seconds that the service gives. A value below 1 or one that is no number means absent: Smithy's primitives default to 0,
 * and no clock can use the rest. A text of digits is a number.
 */
export const Seconds = /* @__PURE__ */ optionalNumber(1)

/** Seconds since 1970 that a response can do without. What is no number means absent. */
export const OptionalEpochSeconds = /* @__PURE__ */ optionalNumber(-Infinity)

/** Seconds since 1970 that the service gives. A text of digits is a number. */
export const EpochSeconds = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.Finite, {
    decode: SchemaGetter.transform(numberOf),
    encode: SchemaGetter.passthroughSubtype<unknown, number>()
  })
)
