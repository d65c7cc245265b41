// Runs before the page is painted: a theme that was chosen, else the system's by prefers-color-scheme.
{
  const chosen = localStorage.getItem('presence.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
