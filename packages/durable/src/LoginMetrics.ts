/**
 * What a process that drives logins counts, as metrics of Effect. `OtlpMetrics` of Effect, or another exporter, sends them away.
 *
 * A metric has no id and no text of a login.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

// -----------------------------------------------------------------------------
// metrics
// -----------------------------------------------------------------------------

/**
 * How many logins this process holds now.
 *
 * @category metrics
 * @since 0.1.0
 */
export const pending: Metric.Gauge<number> = /* @__PURE__ */ Metric.gauge("sso_oidc.logins.pending", {
  description: "Logins that this process polls for",
  attributes: { unit: "{login}" }
})

/**
 * How many polls this process has sent.
 *
 * @category metrics
 * @since 0.1.0
 */
export const polls: Metric.Counter<number> = /* @__PURE__ */ Metric.counter("sso_oidc.logins.polls", {
  description: "Polls that were sent",
  incremental: true,
  attributes: { unit: "{poll}" }
})

/**
 * How many polls made the wait longer: the service responded `slow_down`, or gave no usable response.
 *
 * @category metrics
 * @since 0.1.0
 */
export const backOffs: Metric.Counter<number> = /* @__PURE__ */ Metric.counter("sso_oidc.logins.back_offs", {
  description: "Polls after which the wait was made longer",
  incremental: true,
  attributes: { unit: "{poll}" }
})

/**
 * How many logins ended with an error for which the service may have issued a token that did not arrive.
 *
 * @category metrics
 * @since 0.1.0
 */
export const lost: Metric.Counter<number> = /* @__PURE__ */ Metric.counter("sso_oidc.logins.lost", {
  description: "Logins whose token may be lost",
  incremental: true,
  attributes: { unit: "{login}" }
})

/**
 * How long the persons took, from the code to the token, in seconds.
 *
 * @category metrics
 * @since 0.1.0
 */
export const approvalTime: Metric.Histogram<number> = /* @__PURE__ */ Metric.histogram(
  "sso_oidc.logins.approval_time",
  {
    description: "Time from the code to the token",
    boundaries: [5, 10, 20, 30, 60, 120, 300, 600],
    attributes: { unit: "s" }
  }
)
