// Shows the password that is typed, on the one page behind a mailed link that has a
// field for it. The page says the script's hash and runs no other.
(() => {
  'use strict';
  const input = document.querySelector('input[type=password]');
  const { show, hide } = input.dataset;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'quiet reveal';
  button.textContent = show;
  button.setAttribute('aria-pressed', 'false');
  button.setAttribute('aria-controls', input.id);
  button.addEventListener('click', () => {
    const hidden = input.type === 'password';
    input.type = hidden ? 'text' : 'password';
    button.textContent = hidden ? hide : show;
    button.setAttribute('aria-pressed', String(hidden));
  });
  input.after(button);
  // Browsers keep what a text field had.
  input.form.addEventListener('submit', () => { input.type = 'password'; });
})();
