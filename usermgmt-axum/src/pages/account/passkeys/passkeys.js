// Asks the browser for a passkey, and sends what it answers as a form.
(() => {
  'use strict';
  // A request is good for five minutes.
  const LIFE = 270000;
  const form = document.querySelector('form[data-passkey]');
  if (!form || !window.PublicKeyCredential) return;
  const options = JSON.parse(form.dataset.options);
  const makes = form.dataset.passkey === 'create';
  const site = makes ? options.rp.id : options.rpId;
  // The browser gives this site's passkeys to no other.
  if (location.hostname !== site && !location.hostname.endsWith(`.${site}`)) return;

  const loaded = Date.now();
  const said = form.querySelector('[role=alert]');
  let asking;

  const bytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

  const question = () => {
    const decoded = { ...options, challenge: bytes(options.challenge) };
    if (makes) decoded.user = { ...options.user, id: bytes(options.user.id) };
    for (const list of ['allowCredentials', 'excludeCredentials']) {
      if (options[list]) decoded[list] = options[list].map((one) => ({ ...one, id: bytes(one.id) }));
    }
    return decoded;
  };

  // By hand: older browsers and password managers have no toJSON that works.
  const answer = ({ id, rawId, type, response }) => {
    const parts = {};
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (response[name]) parts[name] = text(response[name]);
    }
    if (response.getTransports) parts.transports = response.getTransports();
    return JSON.stringify({ id, rawId: text(rawId), type, response: parts, clientExtensionResults: {} });
  };

  const ask = async (mediation) => {
    if (asking) asking.abort();
    const mine = new AbortController();
    asking = mine;
    said.hidden = true;
    const asked = { publicKey: question(), signal: mine.signal };
    if (mediation) asked.mediation = mediation;
    try {
      const credential = await (makes ? navigator.credentials.create(asked) : navigator.credentials.get(asked));
      form.elements.credential.value = answer(credential);
      form.submit();
    } catch (error) {
      if (mine !== asking || mediation) return;
      said.textContent = error.name === 'InvalidStateError' ? form.dataset.known : form.dataset.failed;
      said.hidden = false;
      offer();
    }
  };

  // Somebody who comes back to a page that nothing was typed into finds a new one.
  const renew = () => {
    if (document.hidden) {
      document.addEventListener('visibilitychange', renew, { once: true });
      return;
    }
    const typed = [...document.querySelectorAll('input:not([type=hidden])')].some((input) => input.value);
    if (!typed && document.activeElement === document.body) location.replace(location.href);
  };

  // In the field for the name, among what the browser knows to fill in.
  const offer = async () => {
    const conditional = PublicKeyCredential.isConditionalMediationAvailable;
    if (!document.querySelector('input[autocomplete~=webauthn]') || !conditional) return;
    const [left, before] = [LIFE - (Date.now() - loaded), asking];
    if (left <= 0 || !await conditional.call(PublicKeyCredential) || asking !== before) return;
    const stop = setTimeout(() => {
      if (asking) asking.abort();
      renew();
    }, left);
    form.addEventListener('submit', () => clearTimeout(stop), { once: true });
    ask('conditional');
  };

  const tellAble = async () => {
    const able = document.querySelector('input[name=can_passkey]');
    const check = PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable;
    if (able && check && await check.call(PublicKeyCredential)) able.value = 'yes';
  };

  form.addEventListener('submit', (event) => {
    // An old request is sent without an answer, and a new one comes back.
    if (form.elements.request && Date.now() - loaded > LIFE) return;
    event.preventDefault();
    ask();
  });
  for (const text of document.querySelectorAll('[data-unable]')) text.hidden = true;
  form.hidden = false;
  if ('begins' in form.dataset) ask();
  else offer();
  tellAble();
})();
