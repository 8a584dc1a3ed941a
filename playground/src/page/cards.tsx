export function Cards() {
  return <div class="cards" />;
}
