/**
 * Where the service is: the model's endpoint rules for every partition, with FIPS, dual-stack and custom endpoints.
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
 * What decides the endpoint.
 *
 * - `region`: the region of the access portal, `eu-west-1`; seldom that of the workload. Always a host label; capitals count
 *   as small letters.
 * - `endpoint`: a custom endpoint, taken as it is. https, or http to loopback (`localhost`, 127.0.0.0/8, `[::1]`),
 *   without user info, query or fragment; its path is kept.
 * - `useFipsEndpoint`, `useDualstackEndpoint`: not together with a custom endpoint. A start URL below `app.aws` needs
 *   dual-stack, else the service names a wrong verification URI.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly region: string
  readonly endpoint?: string | undefined
  /** Where `endpoint` comes from, for the sentence of an error, such as `AWS_ENDPOINT_URL`. `endpoint` by default. */
  readonly endpointSource?: string | undefined
  readonly useFipsEndpoint?: boolean | undefined
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

// What no other partition knows belongs here: the model has a pattern for it too, but falls back to it all the same.
const aws: Pick<Partition, "name" | "dnsSuffix" | "dualStackDnsSuffix"> = {
  name: "aws",
  dnsSuffix: "amazonaws.com",
  dualStackDnsSuffix: "api.aws"
}

// Each partition also has a pseudo region `<partition>-global`.
const partitionOf = (region: string): typeof aws =>
  partitions.find((partition) => partition.pattern.test(region) || region === `${partition.name}-global`) ?? aws

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** A label of RFC 1123: it becomes part of a host name, so nothing else may pass. */
const isHostLabel = (text: string): boolean => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(text)

/**
 * The region as AWS spells it: in small letters. Host names do not tell capitals apart, but the partitions' patterns do.
 *
 * @category constructors
 * @since 0.1.0
 */
export const regionOf = (region: string): string => region.toLowerCase()

const fail = (problem: EndpointError["problem"], detail: string) => Result.fail(new EndpointError({ problem, detail }))

/** What stands between the scheme and the path. The parser takes a backslash for a slash, and any number of them. */
const authorityOf = (endpoint: string): string => /^[a-z]+:[\\/]*([^\\/?#]*)/i.exec(endpoint.trim())?.[1] ?? ""

const withoutSlashes = (url: string): string => {
  let end = url.length
  while (url[end - 1] === "/") end--
  return url.slice(0, end)
}

const custom = (endpoint: string, source: string): Result.Result<string, EndpointError> => {
  const refuse = (what: string) => fail("endpoint", `${source} ${what}`)
  if (typeof endpoint !== "string") return refuse("is no text. Give a URL such as http://127.0.0.1:8484")
  if (!Wire.isPrintable(endpoint)) return refuse("has characters in it that cannot be seen. Write it again by hand")
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined) return refuse("is no absolute URL. Write it like http://127.0.0.1:8484")
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refuse("must begin with https://, or with http:// to loopback")
  }
  if (endpoint.includes("\\")) return refuse("must not have a backslash. Write / in its place")
  // the parser drops an empty user info
  if (authorityOf(endpoint).includes("@")) return refuse("must not hold user info. Remove what stands before the @")
  if (endpoint.includes("?")) return refuse("must not have a query. Remove it from the ? on")
  if (endpoint.includes("#")) return refuse("must not have a fragment. Remove it from the # on")
  if (url.protocol === "http:" && !TrustedUrl.isLoopback(url.hostname)) {
    return refuse("is plain http to another machine. Use https, or localhost, 127.0.0.0/8 or [::1]")
  }
  return Result.succeed(withoutSlashes(url.href))
}

// What is long or has other characters may be a secret that was given in its place
const shown = (region: string): string => /^[\w .*-]{1,24}$/.test(region) ? JSON.stringify(region) : "a text"

/**
 * The endpoint's URL, without a slash at its end, or why there is none.
 *
 * The refusal never repeats the endpoint, which may hold a password. An unknown region falls into the partition whose
 * pattern it matches, else into `aws`.
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
    return fail("region", `\`region\` is ${shown(region)}, which is not a region name. Write it like eu-west-1`)
  }
  const name = regionOf(region)
  if (/^fips-|-fips$/.test(name)) {
    return fail("region", `\`region\` is ${shown(region)}, an old name. Give the plain region, and set useFipsEndpoint`)
  }
  if (endpoint !== undefined) {
    const clash = (what: string) => `${what} cannot be used together with ${source}. Unset one of the two`
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
