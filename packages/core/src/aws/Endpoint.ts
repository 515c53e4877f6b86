/**
 * The endpoint of a service, by the model's rules for every partition, FIPS, dual-stack and custom endpoints.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/sso.html
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { EndpointError } from "../aws/ClientError.ts"
import type * as Service from "./Service.ts"
import * as TrustedUrl from "./TrustedUrl.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options that decide the endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The region of the access portal, such as `eu-west-1`. It often differs from the region of the workload. Upper case counts as
   * lower case. A text that is not a host label is refused.
   */
  readonly region: string
  /**
   * A custom endpoint, which replaces the endpoint of the region. None by default. It must be https, or http to loopback
   * (`localhost`, 127.0.0.0/8, `[::1]`). User info, a query or a fragment is refused. Its path is kept.
   */
  readonly endpoint?: string | undefined
  /**
   * The name of the option or variable that `endpoint` comes from, such as `AWS_ENDPOINT_URL`. Errors show it. `endpoint` by
   * default.
   */
  readonly endpointSource?: string | undefined
  /** Whether to call the FIPS endpoint of the region. `false` by default. Refused together with a custom endpoint. */
  readonly useFipsEndpoint?: boolean | undefined
  /**
   * Whether to call the dual-stack endpoint of the region. `false` by default. Refused together with a custom endpoint. A start
   * URL below `app.aws` needs it: otherwise the service names a wrong verification URI.
   */
  readonly useDualstackEndpoint?: boolean | undefined
}

interface Partition {
  readonly name: string
  readonly pattern: RegExp
  readonly dnsSuffix: string
  readonly dualStackDnsSuffix: string
}

const partition = (name: string, pattern: RegExp, dnsSuffix: string, dualStackDnsSuffix: string): Partition => ({
  name,
  pattern,
  dnsSuffix,
  dualStackDnsSuffix
})

const partitions: ReadonlyArray<Partition> = /* @__PURE__ */ [
  partition("aws-cn", /^cn-\w+-\d+$/, "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
  partition("aws-us-gov", /^us-gov-\w+-\d+$/, "amazonaws.com", "api.aws"),
  partition("aws-eusc", /^eusc-(de)-\w+-\d+$/, "amazonaws.eu", "api.amazonwebservices.eu"),
  partition("aws-iso", /^us-iso-\w+-\d+$/, "c2s.ic.gov", "api.aws.ic.gov"),
  partition("aws-iso-b", /^us-isob-\w+-\d+$/, "sc2s.sgov.gov", "api.aws.scloud"),
  partition("aws-iso-e", /^eu-isoe-\w+-\d+$/, "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
  partition("aws-iso-f", /^us-isof-\w+-\d+$/, "csp.hci.ic.gov", "api.aws.hci.ic.gov")
]

// Every region that matches no other partition belongs to `aws`. The model has a pattern for `aws` too, but falls back to it
// anyway.
const aws: Pick<Partition, "name" | "dnsSuffix" | "dualStackDnsSuffix"> = {
  name: "aws",
  dnsSuffix: "amazonaws.com",
  dualStackDnsSuffix: "api.aws"
}

// Each partition also has the pseudo region `<partition>-global`.
const partitionOf = (region: string): typeof aws =>
  partitions.find((partition) => partition.pattern.test(region) || region === `${partition.name}-global`) ?? aws

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** Whether the text is a label of RFC 1123. It becomes part of a host name, so nothing else may pass. */
const isHostLabel = (text: string): boolean => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(text)

/**
 * The region in lower case, as AWS writes it. Host names ignore case, but the patterns of the partitions do not.
 *
 * @category constructors
 * @since 0.1.0
 */
export const regionOf = (region: string): string => region.toLowerCase()

const fail = (problem: EndpointError["problem"], detail: string) => Result.fail(new EndpointError({ problem, detail }))

/** The text between the scheme and the path. The URL parser reads a backslash as a slash, and accepts any number of slashes. */
const authorityOf = (endpoint: string): string => /^[a-z]+:[\\/]*([^\\/?#]*)/i.exec(endpoint.trim())?.[1] ?? ""

const withoutSlashes = (url: string): string => {
  let end = url.length
  while (url[end - 1] === "/") end--
  return url.slice(0, end)
}

const custom = (endpoint: string, source: string): Result.Result<string, EndpointError> => {
  const refuse = (what: string) => fail("endpoint", `${source} ${what}`)
  if (typeof endpoint !== "string") return refuse("is not a string. Give a URL such as http://127.0.0.1:8484")
  if (!Wire.isPrintable(endpoint)) return refuse("has invisible characters. Type it by hand")
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined) return refuse("is not an absolute URL. Write it like http://127.0.0.1:8484")
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refuse("must begin with https://, or with http:// to loopback")
  }
  if (endpoint.includes("\\")) return refuse("must not have a backslash. Write / in its place")
  // The URL parser drops an empty user info.
  if (authorityOf(endpoint).includes("@")) {
    return refuse("must not hold user info. Remove the text before the @, and the @")
  }
  if (endpoint.includes("?")) return refuse("must not have a query. Remove the ? and the text after it")
  if (endpoint.includes("#")) return refuse("must not have a fragment. Remove the # and the text after it")
  if (url.protocol === "http:" && !TrustedUrl.isLoopback(url.hostname)) {
    return refuse("is plain http to another machine. Use https, or localhost, 127.0.0.0/8 or [::1]")
  }
  return Result.succeed(withoutSlashes(url.href))
}

// A long text, or one with other characters, may be a secret that was given by mistake: do not show it.
const shown = (region: string): string => /^[\w .*-]{1,24}$/.test(region) ? `${JSON.stringify(region)}, which is ` : ""

/**
 * The URL of the endpoint, without a slash at its end, or the reason why there is none.
 *
 * The error never repeats a custom endpoint, which may hold a password. An unknown region belongs to the partition whose pattern
 * it matches, or else to `aws`.
 *
 * @example
 * ```ts
 * import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
 * import { service } from "@sso-oidc/core/SsoOidcService"
 *
 * Endpoint.resolve(service, { region: "eu-west-1" }) // Success: https://oidc.eu-west-1.amazonaws.com
 * Endpoint.resolve(service, { region: "eu-west-1.evil.example/" }) // Failure: EndpointError
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const resolve = (
  service: Pick<Service.Service, "endpointPrefix">,
  options: Options
): Result.Result<string, EndpointError> => {
  const { endpoint, region, useDualstackEndpoint = false, useFipsEndpoint = false } = options
  const source = options.endpointSource ?? "`endpoint`"
  if (typeof region !== "string" || region === "") {
    return fail("region", "`region` is missing. Give the region of the access portal, such as eu-west-1")
  }
  if (!isHostLabel(region)) {
    return fail("region", `\`region\` is ${shown(region)}not a region name. Write it like eu-west-1`)
  }
  const name = regionOf(region)
  if (/^fips-|-fips$/.test(name)) {
    return fail("region", `\`region\` is ${shown(region)}an old name. Give the plain region, and set useFipsEndpoint`)
  }
  if (endpoint !== undefined) {
    const clash = (what: string) => `${what} cannot be used together with ${source}. Unset one of them`
    if (useFipsEndpoint) return fail("fipsWithEndpoint", clash("useFipsEndpoint (AWS_USE_FIPS_ENDPOINT)"))
    if (useDualstackEndpoint) {
      return fail("dualstackWithEndpoint", clash("useDualstackEndpoint (AWS_USE_DUALSTACK_ENDPOINT)"))
    }
    return custom(endpoint, source)
  }
  const { dnsSuffix, dualStackDnsSuffix, name: partition } = partitionOf(name)
  const fips = useFipsEndpoint && (useDualstackEndpoint || partition !== "aws-us-gov") ? "-fips" : ""
  return Result.succeed(
    `https://${service.endpointPrefix}${fips}.${name}.${useDualstackEndpoint ? dualStackDnsSuffix : dnsSuffix}`
  )
}
