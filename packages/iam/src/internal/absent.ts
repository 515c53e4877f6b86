/**
 * A member that may be absent.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/**
 * An optional member. The service writes `null` for an absent member. Core leaves out such members of the response itself, but not of the objects
 * in it.
 */
export const orNull = <A>(schema: Schema.Codec<A, unknown>) =>
  Schema.optionalKey(Schema.Unknown).pipe(
    Schema.decodeTo(Schema.optionalKey(schema), {
      decode: SchemaGetter.transformOptional((value: Option.Option<unknown>) =>
        Option.filter(value, (given) => given !== null && given !== "")
      ),
      encode: SchemaGetter.passthrough<unknown>()
    })
  )
