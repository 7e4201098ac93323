/** The page of the chat: it knows one address, that of the gateway. */
export const PAGE = `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <title>Chat</title>
  <p id="state">connecting</p>
  <form id="form"><input id="text" autocomplete="off" autofocus /><button>Send</button></form>
  <ul id="messages"></ul>
  <script>
    const state = document.getElementById("state");
    const text = document.getElementById("text");
    const socket = new WebSocket(location.href.replace(/^http/, "ws") + "chat");
    socket.onopen = () => (state.textContent = "connected");
    socket.onclose = ({ code }) => (state.textContent = "closed " + code);
    socket.onmessage = ({ data }) => {
      const item = document.createElement("li");
      item.textContent = data;
      document.getElementById("messages").append(item);
    };
    document.getElementById("form").onsubmit = (event) => {
      event.preventDefault();
      socket.send(text.value);
      text.value = "";
    };
  </script>
</html>
`;
