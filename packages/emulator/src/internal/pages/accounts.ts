/**
 * The page of the accounts, on which a person assigns and unassigns roles. It has no scripts.
 */
import type { Account } from "../../Account.ts"
import { foreign, type Html, html, none } from "./html.ts"
import * as Page from "./page.ts"

/** The most accounts on one page. */
export const perPage = 25

/** A part of all accounts. The numbers of pages begin at 1. */
export interface Part {
  readonly accounts: ReadonlyArray<Account>
  readonly page: number
  readonly pages: number
}

/** The part of all accounts that this page shows. A page that is not there gives the nearest one. */
export const partOf = (all: ReadonlyArray<Account>, asked: string | null): Part => {
  const pages = Math.max(1, Math.ceil(all.length / perPage))
  const given = /^\d{1,6}$/.test(asked ?? "") ? Number(asked) : 1
  const page = Math.min(Math.max(given, 1), pages)
  return { accounts: all.slice((page - 1) * perPage, page * perPage), page, pages }
}

/** The path of a page. */
export const pathOf = (page: number): string => page === 1 ? "/accounts" : `/accounts?page=${page}`

const hidden = (name: string, value: string): Html => html`<input type="hidden" name="${name}" value="${value}">`

const own = (text: string): Html => html`<bdi>${foreign(text, 256)}</bdi>`

const role = (accountId: string, page: number, roleName: string): Html =>
  html`<li><form method="post" action="/accounts" class="line">
${own(roleName)}${hidden("account_id", accountId)}${hidden("role_name", roleName)}${hidden("page", String(page))}
<button type="submit" name="action" value="unassign">Unassign<span class="spoken"> ${
    foreign(roleName, 256)
  } in account ${accountId}</span></button>
</form></li>
`

const account = ({ accountId, accountName, emailAddress, roles }: Account, page: number): Html =>
  html`<section aria-labelledby="account-${accountId}">
<h2 id="account-${accountId}">${
    accountName === undefined ? "No name" : own(accountName)
  } <span class="number">${accountId}</span></h2>
${
    emailAddress === undefined ? none : html`<p class="hint">${own(emailAddress)}</p>
`
  }${
    roles.length === 0
      ? html`<p>No role is assigned, so no client sees this account.</p>
`
      : html`<ul class="roles">
${roles.map((name) => role(accountId, page, name))}</ul>
`
  }<form method="post" action="/accounts">
${hidden("account_id", accountId)}${hidden("page", String(page))}
<label for="role-${accountId}">Another role<span class="spoken"> in account ${accountId}</span></label>
<input class="plain" id="role-${accountId}" name="role_name" type="text" required maxlength="256" autocomplete="off" spellcheck="false">
<div class="buttons"><button type="submit" name="action" value="assign">Assign</button></div>
</form>
</section>
`

const around = ({ page, pages }: Part): Html =>
  pages === 1
    ? none
    : html`<nav aria-label="Pages"><p>Page ${String(page)} of ${String(pages)}</p>
<p>${page === 1 ? none : html`<a class="next" href="${pathOf(page - 1)}">Previous page</a> `}${
      page === pages ? none : html`<a class="next" href="${pathOf(page + 1)}">Next page</a>`
    }</p></nav>
`

/** The accounts and roles of the person. */
export const list = (part: Part): Page.Page =>
  Page.page(
    200,
    "Accounts and roles",
    html`<h1>Accounts and roles</h1>
<p>Every login at this emulator gets these accounts and roles.</p>
${
      part.accounts.length === 0
        ? html`<p>There are no accounts.</p>`
        : part.accounts.map((one) => account(one, part.page))
    }
${around(part)}`
  )

const back = html`<p><a class="next" href="/accounts">See the accounts and roles</a></p>`

/** The response to a form that asks for a change that cannot be made. */
export const unchanged = (why: string): Page.Page => Page.message(400, "Nothing was changed", "bad", why, back)
