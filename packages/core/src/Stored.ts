/**
 * Schemas and times for stored values, which the packages of this project share: registrations, tokens, pending authorizations.
 *
 * A stored text is no more trusted than a response of the service. It may come from another program, and its members may reach a
 * terminal, a log or a clock. So the rules for the service's responses apply to its members too.
 *
 * **Unstable.** A minor release may change anything here. Use it to write another grant or another store, not in an application.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Members from "./aws/Members.ts"
import * as Wire from "./aws/Wire.ts"

// -----------------------------------------------------------------------------
// members
// -----------------------------------------------------------------------------

/**
 * A text that may reach a message, a terminal or a log. It has no invisible characters. It may be empty.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Text: Schema.String = Schema.String.check(Members.isPrintable)

/**
 * A {@link Text} that is not empty.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Printable: Schema.String = Members.Printable

/**
 * A secret member of a struct that {@link encodedAsSecret} encodes. It is a non-empty string in the encoding, and a `Redacted` in
 * the program. Decoding gives it `label`. Encoding accepts any label.
 *
 * @category schemas
 * @since 0.1.0
 */
export const secret: (label: string) => Schema.Codec<Redacted.Redacted<string>, string> = Members.secret

// -----------------------------------------------------------------------------
// secret texts
// -----------------------------------------------------------------------------

const format = SchemaIssue.makeFormatterDefault()

const unusable = (label: string, issue: SchemaIssue.Issue): SchemaIssue.Issue => {
  // `pendingAuthorization` in words
  const name = label.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  const message = `The stored ${name} cannot be used: ${Wire.oneLine(format(issue))}. Delete it, and log in again.`
  return new SchemaIssue.InvalidValue({ message })
}

/**
 * A schema whose encoding is JSON text in a `Redacted`, so that the type shows that it is a secret. `members` is the schema of a
 * struct. `label` names the value in errors, and is the label of the `Redacted`.
 *
 * A text that cannot be decoded fails with an error that names the value and the member, and never repeats the text.
 *
 * The text stays a secret inside a larger value too. A codec for JSON (`Schema.toCodecJson`) decodes such a member, but fails to
 * encode it. Unwrap the text yourself where you write it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const encodedAsSecret = <A>(
  label: string,
  members: Schema.Codec<A, unknown>
): Schema.Codec<A, Redacted.Redacted<string>> => {
  const json = Schema.fromJsonString(members)
  const [decode, encode] = [Schema.decodeEffect(json), Schema.encodeEffect(json)]
  return Schema.Redacted(Schema.String, { disallowJsonEncode: true }).annotate({
    expected: "a Redacted text: wrap what was stored, as in decode(Redacted.make(text))"
  }).pipe(
    Schema.decodeTo(Schema.toType(members), {
      decode: SchemaGetter.transformEffect((text: Redacted.Redacted<string>, options) =>
        Effect.mapError(decode(Redacted.value(text), options), ({ issue }) => unusable(label, issue))
      ),
      encode: SchemaGetter.transformEffect((value: A, options) =>
        Effect.mapBoth(encode(value, options), {
          onFailure: ({ issue }) => issue,
          onSuccess: (text) => Redacted.make(text, { label })
        })
      )
    })
  )
}

// -----------------------------------------------------------------------------
// times
// -----------------------------------------------------------------------------

// About 30 years: longer than any wait, and far inside the range of dates.
const maxSeconds = 1e9

/**
 * A number of milliseconds as a duration of at least 0 and at most 30 years. `NaN` counts as 0.
 *
 * @category times
 * @since 0.1.0
 */
export const millis = (n: number): Duration.Duration => Duration.millis(n > 0 ? Math.min(n, maxSeconds * 1000) : 0)

/**
 * A number of seconds as a duration of at least 0 and at most 30 years. `NaN` counts as 0.
 *
 * @category times
 * @since 0.1.0
 */
export const seconds = (n: number): Duration.Duration => millis(n * 1000)

const maxMillis = 8.64e15

/**
 * The instant that is `millis` milliseconds after 1970. Outside the range of dates, it is the first or the last date. `NaN`
 * counts as 0.
 *
 * @category times
 * @since 0.1.0
 */
export const instant = (millis: number): DateTime.Utc =>
  // not by `makeUnsafe`, which brings the parts and the texts of dates into each bundle
  DateTime.fromDateUnsafe(new Date(Math.min(Math.max(Number.isNaN(millis) ? 0 : millis, -maxMillis), maxMillis)))

/**
 * The instant `duration` after `now`, which is in milliseconds since 1970.
 *
 * @category times
 * @since 0.1.0
 */
export const after = (now: number, duration: Duration.Duration): DateTime.Utc =>
  instant(now + Duration.toMillis(duration))
