/**
 * Plays the person at the browser: opens the page, reads its form, and presses Allow.
 *
 * It gets only the URL that a person sees.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"

/** A person could not use the page. */
export class PageError extends Data.TaggedError("PageError")<{ readonly message: string }> {}

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replace(
    /&#(\d+);/g,
    (_, code: string) => String.fromCodePoint(Number(code))
  )

interface Form {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** The form that the button with this label submits, with the values that the page has filled in. */
const formOf = (page: string, button: string): Form | undefined => {
  for (const [form] of page.matchAll(/<form\b[^>]*\bmethod="post"[\s\S]*?<\/form>/g)) {
    const pressed = [...form.matchAll(/(<button\b[^>]*>)([^<]*)<\/button>/g)].find(([, , label]) =>
      label?.trim() === button
    )?.[1]
    if (pressed === undefined) continue
    const controls = [...form.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag).concat(pressed)
    return {
      action: attribute(form, "action") ?? "",
      fields: Object.fromEntries(controls.flatMap((tag) => {
        const name = attribute(tag, "name")
        return name === undefined ? [] : [[name, attribute(tag, "value") ?? ""]]
      }))
    }
  }
  return undefined
}

const fetchPage = Effect.fnUntraced(
  function*(request: HttpClientRequest.HttpClientRequest) {
    const response = yield* HttpClient.execute(request)
    const page = yield* response.text
    if (response.status !== 200) {
      return yield* new PageError({
        message: `The approval page responded with HTTP ${response.status}. Start the demo again.`
      })
    }
    return page
  },
  // do not keep the error: it holds the request, and the request holds the code
  Effect.catchTag(
    "HttpClientError",
    (error) =>
      new PageError({
        message: `The approval page did not respond (${error.reason._tag}). Start the demo again.`
      })
  )
)

/** Opens the URL and presses the button with this label. */
export const press = Effect.fnUntraced(function*(url: string, button: string) {
  const form = formOf(yield* fetchPage(HttpClientRequest.get(url)), button)
  if (form === undefined) {
    return yield* new PageError({
      message: `The approval page has no button "${button}". Start the demo again.`
    })
  }
  yield* fetchPage(
    HttpClientRequest.post(new URL(form.action, url)).pipe(HttpClientRequest.bodyUrlParams(form.fields))
  )
})
