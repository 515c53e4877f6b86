/**
 * Unstable: schemas of members that the operations of several services have. Use them to write another operation.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as TrustedUrl from "./TrustedUrl.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// texts
// -----------------------------------------------------------------------------

/**
 * A text that is not empty. Effect's `NonEmptyString` would add 100 bytes to a compressed bundle.
 *
 * @category texts
 * @since 0.1.0
 */
export const NonEmpty = Schema.String.check(
  Schema.makeFilter((text: string) => text !== "", {
    expected: "a non-empty text",
    arbitraryConstraint: { minLength: 1 },
    toJsonSchema: () => ({ minLength: 1 })
  })
)

/**
 * A member that may be absent or `undefined`, like `Schema.optional`. Effect's own would add 20 bytes to a compressed bundle.
 *
 * @category texts
 * @since 0.1.0
 */
export const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.UndefinedOr(schema))

/**
 * The id in the annotation `representation` of the schema of a {@link secret}. It tells which members of an operation are secrets.
 *
 * @category texts
 * @since 0.1.0
 */
export const secretId = "sso-oidc/secret"

/**
 * A secret member: a non-empty string on the wire, a `Redacted` in the program. Decoding gives it `label`. Encoding accepts any
 * label, because the caller made the value; `Schema.RedactedFromValue` would refuse another label.
 *
 * @category texts
 * @since 0.1.0
 */
export const secret = (label: string) => {
  const wrapping = SchemaTransformation.transform({
    decode: (value: string) => Redacted.make(value, { label }),
    encode: Redacted.value<string>
  })
  // Effect's `Redacted` schema would add 400 bytes to a compressed bundle, and wrap each secret a second time.
  const wrapped = Schema.declare((value): value is Redacted.Redacted => {
    const text = Redacted.isRedacted(value) && Redacted.value(value)
    return typeof text === "string" && text !== ""
  }, {
    representation: { id: secretId, payload: null },
    expected: "a Redacted with a non-empty text",
    toCodecJson: () => Schema.link<Redacted.Redacted>()(NonEmpty, wrapping)
  })
  return NonEmpty.pipe(Schema.decodeTo(wrapped, wrapping))
}

/**
 * Refuses a text that has invisible characters.
 *
 * @category texts
 * @since 0.1.0
 */
export const isPrintable = Schema.makeFilter((text: string) =>
  Wire.isPrintable(text) ? undefined : "invisible characters are not allowed here"
)

/**
 * A text that may be absent. An empty text, and any value that is not a text, counts as absent.
 *
 * @category texts
 * @since 0.1.0
 */
export const Text = /* @__PURE__ */ Schema.optionalKey(Schema.Unknown).pipe(
  Schema.decodeTo(Schema.optionalKey(Schema.String), {
    decode: SchemaGetter.transformOptional((value: Option.Option<unknown>) =>
      Option.filter(value, (text): text is string => typeof text === "string" && text !== "")
    ),
    encode: SchemaGetter.passthroughSubtype<unknown, string>()
  })
)

/**
 * The id in the annotation `representation` of {@link Texts}. It tells which members of an operation are lists of texts.
 *
 * @category texts
 * @since 0.1.0
 */
export const textsId = "sso-oidc/texts"

/**
 * A list of texts. Effect's `Schema.Array` would add 700 bytes to a compressed bundle. The list is copied, so that what was checked is
 * what is sent.
 *
 * @category texts
 * @since 0.1.0
 */
export const Texts: Schema.Codec<ReadonlyArray<string>> = /* @__PURE__ */ Schema.declareConstructor<
  ReadonlyArray<string>
>()(
  [],
  () => (list, ast, options) => {
    const texts = Array.isArray(list) && Array.from<unknown>(list)
    return texts && texts.every(Predicate.isString)
      ? Effect.succeed(texts)
      : Effect.fail(new SchemaIssue.InvalidType(ast, list, options))
  },
  {
    representation: { id: textsId, payload: null },
    expected: "a list of texts",
    toCodecJson: () => undefined,
    toCodecArbitrary: () =>
      Schema.link<ReadonlyArray<string>>()(
        Schema.String,
        SchemaTransformation.transform({ decode: (text): ReadonlyArray<string> => [text], encode: String })
      )
  }
)

/**
 * A text of the service that a person or a terminal may see. A text with invisible characters is refused. Removing them would
 * give the person a wrong user code or URL.
 *
 * @category texts
 * @since 0.1.0
 */
export const Printable = NonEmpty.check(isPrintable)

/**
 * A URL that a person opens: https, or http to loopback. The text is never changed.
 *
 * @category texts
 * @since 0.1.0
 */
export const BrowserUrl = Printable.check(
  Schema.makeFilter((text) => TrustedUrl.isTrusted(text) ? undefined : "the URL must be https, or http to loopback")
)

// -----------------------------------------------------------------------------
// numbers
// -----------------------------------------------------------------------------

// Some servers write numbers as strings. A string of digits counts as a number. If an interval of "8" were ignored, polls would
// come faster than the server allows.
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
 * A number of seconds from the service. A string of digits is a number. A value below 1, or anything else, is absent: the default
 * of a number in Smithy is 0, and no clock can use the rest.
 *
 * @category numbers
 * @since 0.1.0
 */
export const Seconds = /* @__PURE__ */ optionalNumber(1)

/**
 * An optional time in seconds since 1970. A value that is not a number is absent.
 *
 * @category numbers
 * @since 0.1.0
 */
export const OptionalEpochSeconds = /* @__PURE__ */ optionalNumber(-Infinity)

/**
 * A required time since 1970, in the unit of the operation. A string of digits is a number.
 *
 * @category numbers
 * @since 0.1.0
 */
export const Epoch = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.Finite, {
    decode: SchemaGetter.transform(numberOf),
    encode: SchemaGetter.passthroughSubtype<unknown, number>()
  })
)
