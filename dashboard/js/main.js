import { Api, credentialsOf } from './api.js';
import { fill } from './dom.js';
import { dashboard } from './views/dashboard.js';
import { signIn } from './views/sign-in.js';

/** For this tab alone, and gone with it. */
const KEY = 'presence.token';
const root = document.getElementById('app');
let shown;

function show(view) {
  shown?.stop?.();
  shown = view;
  fill(root, view.element);
  view.focus?.();
}

function signOut(reason) {
  sessionStorage.removeItem(KEY);
  show(signIn({ onToken: enter, reason }));
}

/** @throws ApiError where the token is not accepted */
async function enter(token) {
  const { credentials, caller } = await known(credentialsOf(token));
  sessionStorage.setItem(KEY, token);
  const api = new Api(credentials, { onRefused: () => signOut('The token is no longer accepted. Sign in again.') });
  show(dashboard({ api, token, caller, onSignOut: signOut }));
}

/** The first of these credentials that are accepted, and whose they are. */
async function known([credentials, ...others]) {
  try {
    return { credentials, caller: await new Api(credentials).get('me') };
  } catch (error) {
    if (error.status !== 401 || others.length === 0) throw error;
    return known(others);
  }
}

async function start() {
  const token = sessionStorage.getItem(KEY);
  if (!token) return signOut();
  try {
    await enter(token);
  } catch (error) {
    signOut(error.status === 401 ? 'The token is no longer accepted. Sign in again.' : error.message);
  }
}

start();
