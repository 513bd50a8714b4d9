"""Ways through the pages for in front of a class: `tours.toml` says what is opened, said and looked at."""
