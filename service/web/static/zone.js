// The server writes days and times in the zone that this cookie names; without it, in the organization's.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const cookie = "confcal_zone";
const { zone: shown, cookiePath } = document.documentElement.dataset;

function kept() {
  return document.cookie.split("; ").includes(`${cookie}=${zone}`);
}

if (zone && !kept()) {
  document.cookie = `${cookie}=${zone}; path=${cookiePath}; max-age=31536000; samesite=lax`;
  // Once: where cookies are refused, the zone is the same or chosen by hand, the page stays as it is.
  if (zone !== shown && !("zoneChosen" in document.documentElement.dataset) && kept()) location.reload();
}
