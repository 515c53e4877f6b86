/**
 * Schemas whose encoding is a secret.
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** A secret inside an encoding that is itself one. */
export const Member = Schema.RedactedFromValue(Schema.NonEmptyString)

/** A struct whose encoding is JSON text inside `Redacted`, so that its type says what it is. */
export const encodedAsSecret = <S extends Schema.Codec<unknown, unknown>>(label: string, members: S) =>
  Schema.Redacted(Schema.String).annotate({
    expected: "a Redacted text: wrap what was stored, as in decode(Redacted.make(text))"
  }).pipe(
    Schema.decodeTo(
      Schema.fromJsonString(members),
      SchemaTransformation.transform({
        decode: (text: Redacted.Redacted<string>) => Redacted.value(text),
        encode: (text: string) => Redacted.make(text, { label })
      })
    )
  )
