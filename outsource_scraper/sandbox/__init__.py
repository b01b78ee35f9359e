"""A local market: generated pages of the platforms on loopback, for the demo, the tests and load.

Everything shown is invented and is a function of a seed and a clock; nothing leaves the machine.
`python -m outsource_scraper.sandbox` serves it, `server.running` does so inside a test.
"""
