/**
 * What the packages of this project share about values that a program stores: registrations, tokens, pending authorizations.
 *
 * A stored text is trusted no more than a response of the service. It may come from another program, and what it holds may reach
 * a terminal, a log or a clock. So its members keep the rules of the service's responses.
 *
 * **Unstable.** A minor release may change anything here. Use it to write another grant or another store, not in an application.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Members from "./internal/members.ts"

// -----------------------------------------------------------------------------
// members
// -----------------------------------------------------------------------------

/**
 * A text that may reach a message, a terminal or a log. It has no character that cannot be seen, and it may be empty.
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
 * A secret member of a struct whose encoding is a secret as a whole: see {@link encodedAsSecret}. It is a text that is not empty
 * in the encoding, and `Redacted` in the program. What is decoded has `label` as its label; what is encoded may have any.
 *
 * @category schemas
 * @since 0.1.0
 */
export const secret: (label: string) => Schema.Codec<Redacted.Redacted<string>, string> = Members.secret

// -----------------------------------------------------------------------------
// secret texts
// -----------------------------------------------------------------------------

/**
 * A schema whose encoding is JSON text in a `Redacted`, so that its type says that it is a secret. Give it the members of a
 * struct. `label` is the label of each text that it encodes.
 *
 * The text stays a secret inside a larger value too. A codec for JSON (`Schema.toCodecJson`) decodes such a member, but fails
 * when it encodes one: unwrap the text yourself where you write it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const encodedAsSecret = <A>(
  label: string,
  members: Schema.Codec<A, unknown>
): Schema.Codec<A, Redacted.Redacted<string>> =>
  Schema.Redacted(Schema.String, { disallowJsonEncode: true }).annotate({
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

// -----------------------------------------------------------------------------
// times
// -----------------------------------------------------------------------------

// 30 years: longer than any wait, and far inside what dates can express
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
 * The instant so many milliseconds after 1970, moved to the first or the last date where it lies outside of all dates. `NaN`
 * counts as 0.
 *
 * @category times
 * @since 0.1.0
 */
export const instant = (millis: number): DateTime.Utc =>
  DateTime.makeUnsafe(Math.min(Math.max(Number.isNaN(millis) ? 0 : millis, -maxMillis), maxMillis))

/**
 * The instant that comes `duration` after the time `now`, which is in milliseconds since 1970.
 *
 * @category times
 * @since 0.1.0
 */
export const after = (now: number, duration: Duration.Duration): DateTime.Utc =>
  instant(now + Duration.toMillis(duration))
