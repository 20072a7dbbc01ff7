"use strict";
const show = async () => {
  const response = await fetch("/api/account", { redirect: "manual" });
  if (!response.ok) return location.assign("/login?next=/account");
  const { name, motto, visits, fresh } = await response.json();
  const how = fresh ? "logged in with a password" : "remembered";
  document.getElementById("who").textContent = `You are ${name}, ${how}; look number ${visits}.`;
  document.querySelector("[name=motto]").value = motto;
};
show().catch((error) => {
  document.getElementById("who").textContent = `The server cannot be reached: ${error.message}`;
});
