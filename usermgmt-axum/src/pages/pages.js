// What makes the pages easier. All of them work without it.
(() => {
  'use strict';
  const words = document.currentScript.dataset;

  const button = (label, act) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.className = 'quiet';
    made.textContent = label;
    made.addEventListener('click', () => act(made));
    return made;
  };

  const showPasswords = () => {
    for (const input of document.querySelectorAll('input[type=password]')) {
      const show = button(words.show, () => {
        const hidden = input.type === 'password';
        input.type = hidden ? 'text' : 'password';
        show.textContent = hidden ? words.hide : words.show;
        show.setAttribute('aria-pressed', String(hidden));
      });
      show.classList.add('reveal');
      show.setAttribute('aria-pressed', 'false');
      show.setAttribute('aria-controls', input.id);
      input.after(show);
      // A password that is sent is hidden again: browsers keep what a text field had.
      if (input.form) input.form.addEventListener('submit', () => { input.type = 'password'; });
    }
  };

  const copied = (text) => (made) =>
    navigator.clipboard.writeText(text).then(() => { made.textContent = words.copied; });

  const save = (name, text) => () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const keepCodes = () => {
    for (const list of document.querySelectorAll('.codes')) {
      const text = [...list.querySelectorAll('code')].map((code) => code.textContent).join('\n') + '\n';
      const row = document.createElement('div');
      row.className = 'row tools';
      if (navigator.clipboard) row.append(button(words.copy, copied(text)));
      row.append(button(words.save, save('recovery-codes.txt', text)));
      row.append(button(words.print, () => window.print()));
      list.after(row);
    }
    if (!navigator.clipboard) return;
    for (const code of document.querySelectorAll('code[data-copy]')) {
      code.parentElement.after(button(words.copy, copied(code.textContent)));
    }
  };

  // The list is loaded anew with what is typed. What was typed meanwhile is kept.
  const searchAsTyped = () => {
    const key = 'usermgmt-search';
    const pending = sessionStorage.getItem(key);
    // On every page, or it would come back when the list is opened another time.
    sessionStorage.removeItem(key);
    const input = document.querySelector('input[data-live]');
    if (!input) return;
    let timer;
    const search = () => {
      const query = new URLSearchParams(new FormData(input.form));
      for (const [name, value] of [...query]) if (!value) query.delete(name);
      window.location.replace(`${input.form.action.split('?')[0]}?${query}`);
    };
    const typed = () => {
      sessionStorage.setItem(key, input.value);
      clearTimeout(timer);
      timer = setTimeout(search, 300);
    };
    if (pending !== null) {
      const found = input.value;
      input.value = pending;
      input.focus();
      input.setSelectionRange(pending.length, pending.length);
      if (pending.trim() !== found.trim()) typed();
    }
    input.addEventListener('input', typed);
    input.form.addEventListener('submit', () => clearTimeout(timer));
    // Whoever goes elsewhere is not brought back.
    window.addEventListener('pagehide', () => clearTimeout(timer));
  };

  const chooseAll = () => {
    for (const all of document.querySelectorAll('input[data-all]')) {
      const boxes = [...document.querySelectorAll(`input[name="${all.dataset.all}"]`)];
      all.closest('[hidden]').hidden = false;
      all.addEventListener('change', () => { for (const box of boxes) box.checked = all.checked; });
    }
  };

  showPasswords();
  keepCodes();
  chooseAll();
  searchAsTyped();
})();
