// A page that knows who is signed in, in as many tabs as there are.
import { call, forget, keep } from "./tokens.js";

const form = document.querySelector("form");
const greeting = document.querySelector("#greeting");
const refusal = document.querySelector("#refusal");
const button = document.querySelector("#sign-out");

async function show() {
  const answer = await call("/users");
  const user = answer.ok ? await answer.json() : null;
  greeting.textContent = user ? `Hello, ${user.username}!` : "Nobody is signed in.";
  form.hidden = Boolean(user);
  button.hidden = !user;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await call("/signin", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  });
  const body = await answer.json();
  // A second factor is asked for with 401 and `mfa_token`: docs/front-end.md.
  refusal.textContent = answer.ok ? "" : body.message;
  if (answer.ok) {
    form.reset();
    keep(body);
    await show();
  }
});

button.addEventListener("click", async () => {
  await call("/signout", { method: "POST" });
  forget();
  await show();
});

// Another tab has signed in or out.
addEventListener("storage", show);
await show();
