# -*- coding: utf-8 -*-
from SkyFlask import sky as application


if __name__ == '__main__':
    application.run()  # a development server on http://127.0.0.1:5000, for a look without nginx
