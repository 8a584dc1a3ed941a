export function SceneMenu() {
  return null;
}

export function ScenePanel() {
  return null;
}
