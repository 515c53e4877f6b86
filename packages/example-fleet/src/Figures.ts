/**
 * The figures of this process for its page, from the metrics that go to the collector too.
 */
import * as LoginMetrics from "@sso-oidc/durable/LoginMetrics"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"

export interface Figures {
  /** How many logins this process polls for. */
  readonly pending: number
  /** Over the last ten seconds. */
  readonly pollsPerSecond: number
  readonly backOffs: number
  readonly lost: number
  readonly approved: number
  /** The mean time from the code to the token, in seconds. Absent before the first one. */
  readonly secondsToApprove?: number
}

export class Sampler extends Context.Service<Sampler, { readonly now: Effect.Effect<Figures> }>()(
  "example-fleet/Sampler"
) {}

const seconds = 10

/** Reads the counter of polls each second, since a counter alone has no rate. */
export const layer: Layer.Layer<Sampler> = Layer.effect(
  Sampler,
  Effect.gen(function*() {
    const samples: Array<number> = []
    const sample = Effect.map(Metric.value(LoginMetrics.polls), ({ count }) => {
      samples.push(count)
      if (samples.length > seconds + 1) samples.shift()
    })
    const now = Effect.gen(function*() {
      const { value: pending } = yield* Metric.value(LoginMetrics.pending)
      const { count: backOffs } = yield* Metric.value(LoginMetrics.backOffs)
      const { count: lost } = yield* Metric.value(LoginMetrics.lost)
      const { count: approved, sum } = yield* Metric.value(LoginMetrics.approvalTime)
      const [first = 0, last = first] = [samples[0], samples.at(-1)]
      return {
        pending,
        pollsPerSecond: (last - first) / Math.max(1, samples.length - 1),
        backOffs,
        lost,
        approved,
        ...(approved === 0 ? {} : { secondsToApprove: sum / approved })
      }
    })
    yield* sample
    // A metric goes out after its first use. An alert on `lost` needs the zero before it.
    yield* Metric.value(LoginMetrics.lost)
    yield* Metric.value(LoginMetrics.backOffs)
    yield* Effect.forkScoped(Effect.repeat(Effect.delay(sample, "1 second"), Schedule.forever))
    return Sampler.of({ now })
  })
)
