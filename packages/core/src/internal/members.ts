/**
 * Members that more than one operation has.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as TrustedUrl from "../TrustedUrl.ts"
import * as Text from "./text.ts"

/**
 * A secret of the wire: a non-empty string there, `Redacted` here. What is decoded has the member's name as its label;
 * what is encoded may have any, since the caller made it (`Schema.RedactedFromValue` would insist on the label).
 */
export const secret = (label: string) =>
  Schema.NonEmptyString.pipe(
    Schema.decodeTo(
      Schema.Redacted(Schema.NonEmptyString),
      SchemaTransformation.transform({
        decode: (value: string) => Redacted.make(value, { label }),
        encode: Redacted.value
      })
    )
  )

/**
 * A text of the service that a person or a terminal may see. One with control characters is refused, not mended: a
 * changed user code or URL would be a wrong one.
 */
export const Printable = Schema.NonEmptyString.check(
  Schema.makeFilter((text) => Text.isPrintable(text) ? undefined : "control characters are not allowed here")
)

/** A URL that a person is sent to: https, or http to loopback. Opaque otherwise, and never rebuilt. */
export const BrowserUrl = Printable.check(
  Schema.makeFilter((text) => TrustedUrl.isTrusted(text) ? undefined : "the URL must be https, or http to loopback")
)

/**
 * Seconds that the service gives. A value that is 0, negative or no number means absent: Smithy's primitives default to
 * 0, and no clock can use the rest. So does a part of a second, which the model does not know, and which would make of an
 * interval a rush.
 */
export const Seconds = Schema.optionalKey(Schema.Unknown).pipe(
  Schema.decodeTo(Schema.optionalKey(Schema.Number), {
    decode: SchemaGetter.transformOptional((seconds: Option.Option<unknown>) =>
      Option.filter(seconds, (n): n is number => typeof n === "number" && Number.isFinite(n) && n >= 1)
    ),
    encode: SchemaGetter.passthroughSubtype<unknown, number>()
  })
)
