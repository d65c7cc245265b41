import { fill, h } from '../dom.js';
import { themeSwitch } from './theme-switch.js';

/**
 * Asks for a token.
 *
 * @param onToken resolves when it is accepted; throws ApiError
 * @param reason why one is asked for again
 */
export function signIn({ onToken, reason }) {
  const token = h('input', {
    id: 'token',
    type: 'password',
    name: 'token',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'token-note token-error',
  });
  const error = h('p', { id: 'token-error', class: 'form-error', role: 'alert' }, reason);
  const submit = h('button', { type: 'submit', class: 'primary' }, 'Sign in');
  const tell = (text) => {
    fill(error, text);
    token.setAttribute('aria-invalid', 'true');
    token.focus();
  };
  const form = h(
    'form',
    {
      class: 'sign-in-form',
      onSubmit: async (event) => {
        event.preventDefault();
        submit.disabled = true;
        await onToken(token.value.trim()).catch((fault) => tell(faultInWords(fault)));
        submit.disabled = false;
      },
    },
    h('label', { for: 'token' }, 'Access token'),
    token,
    h(
      'p',
      { id: 'token-note', class: 'note' },
      'One of API_TOKENS, or the one in the file api-token of the data folder; with a Rocket.Chat login USERID:AUTHTOKEN. It stays in this tab.',
    ),
    error,
    submit,
  );
  const card = h('div', { class: 'sign-in-card' }, h('h1', {}, 'Presence'), form);
  const element = h('main', { class: 'sign-in' }, card, h('div', { class: 'sign-in-foot' }, themeSwitch()));
  return { element, focus: () => token.focus() };
}

function faultInWords(fault) {
  if (fault.status === 401) return 'This token is not known here.';
  if (fault.status === 403) return 'This token may not read presence.';
  return fault.message;
}
