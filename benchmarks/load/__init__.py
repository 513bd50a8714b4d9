"""`make load`: how the dashboard answers when many look at it at once, against an empty Streamlit app.

Everyone has a page in one Chromium, with cookies of its own, and walks through Layers, Saliency, Captions and
Convolution with pictures of their own. By default nobody pauses: who has an answer asks again at once, which is as much
as so many people can ask. `--pause 10` is a class that also looks at what it sees.

Server and browser share the machine's cores, as the browsers of a class do not: times hold both, and the empty app's,
measured beside them, say how much of it is the browser's and Streamlit's. `--sessions 20` speaks Streamlit's protocol
without a browser: what a class on machines of its own waits for, and what processor time an answer takes.
"""
