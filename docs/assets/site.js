// What scrolls sideways can be scrolled with the keyboard, and parts that the theme makes while a page is shown have names.
const named = (selector, word) =>
  document.querySelectorAll(selector).forEach((part, number) => part.setAttribute("aria-label", `${word} ${number + 1}`))

const name = () => {
  document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach((wrap) => {
    wrap.tabIndex = 0
    wrap.setAttribute("role", "region")
  })
  named(".md-typeset__scrollwrap", "table")
  named(".md-code__nav", "code")
}

document$.subscribe(() => {
  name()
  new MutationObserver(name).observe(document.querySelector(".md-content"), { childList: true, subtree: true })
})

// The menu of a narrow screen: a button opens it, Escape closes it.
const drawer = () => document.getElementById("__drawer")
document.addEventListener("click", (event) => {
  if (event.target.closest(".menu")) drawer().click()
})
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawer().checked) {
    drawer().click()
    document.querySelector(".menu").focus()
  }
})
