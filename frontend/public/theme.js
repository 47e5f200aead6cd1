// Sets a chosen theme before the first paint; a plain script, since modules come too late.
try {
  const theme = localStorage.getItem("roost.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme it is.
}
