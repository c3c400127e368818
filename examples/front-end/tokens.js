// How the tabs of one browser keep and renew their tokens: docs/front-end.md.
const BASE = "http://127.0.0.1:8080/api/v1"; // Your server.
const KEY = "usermgmt.tokens";
const EARLY = 30_000; // Renew half a minute before the token ends.

const read = () => JSON.parse(localStorage.getItem(KEY) ?? "null");

/** Keeps the tokens of a sign-in or a refresh. */
export function keep(answer) {
  localStorage.setItem(KEY, JSON.stringify({
    access: answer.access_token,
    refresh: answer.refresh_token,
    ends: Date.now() + answer.expires_in * 1000,
  }));
}

/** Nobody is signed in any more, in any tab. */
export const forget = () => localStorage.removeItem(KEY);

/** A good access token; null where nobody is signed in. */
export async function accessToken() {
  const tokens = read(); // Never from memory: another tab may have renewed them.
  if (!tokens) return null;
  return Date.now() < tokens.ends - EARLY ? tokens.access : refresh(tokens.refresh);
}

/** Exchanges the refresh token, unless another tab has done it meanwhile. */
function refresh(seen) {
  return navigator.locks.request("usermgmt.refresh", async () => {
    const tokens = read();
    if (!tokens) return null; // Another tab has signed out.
    if (tokens.refresh !== seen) return tokens.access; // Another tab has refreshed.
    const answer = await fetch(`${BASE}/refresh_token`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokens.refresh}` },
      signal: AbortSignal.timeout(15_000), // The other tabs wait for the lock.
    });
    if (answer.ok) {
      const renewed = await answer.json();
      keep(renewed);
      return renewed.access_token;
    }
    if (answer.status === 401) { // The session has ended.
      forget();
      return null;
    }
    throw new Error(`refresh: ${answer.status}`); // Later, with the same token.
  });
}

/** Asks the API; renews the access token once where it is refused. */
export async function call(path, options = {}) {
  for (let again = true; ; again = false) {
    const token = await accessToken();
    const headers = { ...options.headers };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(BASE + path, { ...options, headers });
    if (answer.status !== 401 || !token || !again) return answer;
    // It was revoked, or this machine's clock is wrong. A token that another
    // tab has renewed since is tried as it is.
    const tokens = read();
    if (tokens?.access === token) await refresh(tokens.refresh);
  }
}
